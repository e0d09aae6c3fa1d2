//! Bodies: JSON or YAML, with the keys that stand twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::ApiError;
use crate::store::ResourceType;

/// A decoded body.
#[derive(Debug, Clone)]
pub(crate) struct Decoded {
    pub(crate) object: Value,
    /// Paths of the keys that stood more than once; the last one won.
    pub(crate) duplicates: Vec<String>,
}

/// Media types that objects may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/json`.
    Json,
    /// `application/yaml`.
    Yaml,
}

impl Media {
    /// Reads `Content-Type`; nothing counts as JSON.
    pub(crate) fn of(content_type: Option<&str>) -> Result<Self, ApiError> {
        let plain = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match plain {
            "" | "application/json" | "*/*" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            _ => Err(ApiError::unsupported_media_type(
                "application/json, application/yaml, application/vnd.kubernetes.protobuf",
            )),
        }
    }
}

/// Decodes an object of a kind, and checks that it says which kind it is.
pub(crate) fn decode(kind: &ResourceType, media: Media, bytes: &[u8]) -> Result<Decoded, ApiError> {
    let unrecognized = |why: String| {
        let excerpt = excerpt(bytes);
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {why} ({excerpt})",
            kind.kind
        ))
    };
    let decoded = match media {
        Media::Json => parse_json(bytes)
            .map_err(|error| unrecognized(format!("couldn't get version/kind; json parse error: {error}")))?,
        Media::Yaml => Decoded {
            object: parse_yaml(bytes)
                .map_err(|error| unrecognized(format!("couldn't get version/kind; yaml parse error: {error}")))?,
            duplicates: Vec::new(),
        },
    };
    let object = &decoded.object;
    if object["kind"].as_str().is_none_or(str::is_empty) {
        let text = String::from_utf8_lossy(bytes);
        return Err(unrecognized(format!("Object 'Kind' is missing in '{text}'")));
    }
    Ok(decoded)
}

/// YAML (or JSON, which is YAML too) to a value.
pub(crate) fn parse_yaml(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

/// JSON to a value; the error is worded as Go's decoder words it.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<Decoded, String> {
    let mut duplicates = Vec::new();
    let mut decoder = serde_json::Deserializer::from_slice(bytes);
    let object = Node { path: String::new(), duplicates: &mut duplicates }.deserialize(&mut decoder);
    let object = object.and_then(|object| decoder.end().map(|()| object)).map_err(|error| go_error(bytes, &error))?;
    Ok(Decoded { object, duplicates })
}

/// What Go's `encoding/json` would say.
pub(crate) fn go_error(bytes: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let found = line.get(error.column().saturating_sub(1)).copied().unwrap_or(b' ');
    let found = if found.is_ascii() { char::from(found).to_string() } else { format!("\\x{found:02x}") };
    let place = if error.to_string().contains("key must be a string") {
        "looking for beginning of object key string"
    } else {
        "looking for beginning of value"
    };
    format!("invalid character '{found}' {place}")
}

/// The beginning of a body, as messages quote it.
fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 30;
    if bytes.is_empty() {
        return "<empty>".to_owned();
    }
    let head = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN { " ..." } else { "" };
    match std::str::from_utf8(head) {
        Ok(text) if text.trim_start().starts_with('{') => format!("{text}{more}"),
        _ => {
            let hex: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}{more}", hex.concat())
        }
    }
}

struct Node<'a> {
    path: String,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, items.len());
            match seq.next_element_seed(Node { path, duplicates: &mut *self.duplicates })? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if fields.contains_key(&key) {
                self.duplicates.push(path.clone());
            }
            let value = map.next_value_seed(Node { path, duplicates: &mut *self.duplicates })?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}
