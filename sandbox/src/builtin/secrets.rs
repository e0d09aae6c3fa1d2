//! The rules of Secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::error::{ApiError, Cause};
use crate::schema::type_name;

/// Most that the values of a secret may hold together, in bytes.
const MOST_BYTES: usize = 1 << 20;

const KEY_RULE: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  \
                        or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// `stringData` becomes `data`; a secret without a type is `Opaque`.
pub(super) fn fill_in(object: &mut Value) {
    let Some(body) = object.as_object_mut() else { return };
    if let Some(plain) = body.shift_remove("stringData").as_ref().and_then(Value::as_object) {
        let data = body.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if data.is_null() {
            *data = json!({});
        }
        for (key, value) in plain {
            data[key.as_str()] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
        }
    }
    if body.get("type").is_none_or(|kind| kind.is_null() || kind == "") {
        body.insert("type".to_owned(), json!("Opaque"));
    }
}

/// Whether the values are what Go's decoder takes: base64 in `data`, strings in `stringData`.
///
/// # Errors
/// 400.
pub fn decode(object: &Value) -> Result<(), ApiError> {
    let refuse = |why: String| {
        Err(ApiError::bad_request(format!("Secret in version \"v1\" cannot be handled as a Secret: {why}")))
    };
    let wrong = |value: &Value, field: &str, wanted: &str| {
        let found = match type_name(value) {
            "integer" => "number",
            "boolean" => "bool",
            other => other,
        };
        format!("json: cannot unmarshal {found} into Go struct field Secret.{field} of type {wanted}")
    };
    for (field, wanted) in [("data", "[]uint8"), ("stringData", "string")] {
        let Some(map) = object.get(field).filter(|map| !map.is_null()) else { continue };
        let Some(map) = map.as_object() else {
            return refuse(wrong(map, field, &format!("map[string]{wanted}")));
        };
        for value in map.values().filter(|value| !value.is_null()) {
            match value.as_str() {
                None => return refuse(wrong(value, field, wanted)),
                Some(text) if field == "data" => {
                    if let Some(at) = not_base64(text) {
                        return refuse(format!("illegal base64 data at input byte {at}"));
                    }
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

fn not_base64(text: &str) -> Option<usize> {
    match STANDARD.decode(text) {
        Ok(_) => None,
        Err(base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _)) => Some(at),
        Err(_) => Some(text.len()),
    }
}

pub(super) fn validate(old: Option<&Value>, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let data = object["data"].as_object();
    let mut total = 0;
    for (key, value) in data.into_iter().flatten() {
        let legal = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !legal {
            causes.push(Cause::invalid(format!("data[{key}]"), format!("Invalid value: \"{key}\": {KEY_RULE}")));
        }
        total += value.as_str().and_then(|text| STANDARD.decode(text).ok()).map_or(0, |bytes| bytes.len());
    }
    if total > MOST_BYTES {
        let message = format!("Too long: may not be more than {MOST_BYTES} bytes");
        causes.push(Cause::new("FieldValueTooLong", "data", message));
    }
    let has = |key: &str| data.is_some_and(|data| data.contains_key(key));
    let needed: &[&str] = match object["type"].as_str() {
        Some("kubernetes.io/basic-auth") if !has("username") && !has("password") => &["username", "password"],
        Some("kubernetes.io/ssh-auth") if !has("ssh-privatekey") => &["ssh-privatekey"],
        Some("kubernetes.io/tls") if !has("tls.crt") || !has("tls.key") => &["tls.crt", "tls.key"],
        _ => &[],
    };
    for key in needed.iter().filter(|key| !has(key)) {
        causes.push(Cause::required(format!("data[{key}]"), ""));
    }
    if let Some(old) = old {
        if old["type"] != object["type"] {
            let message = format!("Invalid value: {}: field is immutable", object["type"]);
            causes.push(Cause::invalid("type", message));
        }
        if old["immutable"] == true {
            let why = "field is immutable when `immutable` is set";
            if object["immutable"] != true {
                causes.push(Cause::forbidden("immutable", why));
            }
            let empty = |value: &Value| value.as_object().is_none_or(Map::is_empty);
            if old["data"] != object["data"] && !(empty(&old["data"]) && empty(&object["data"])) {
                causes.push(Cause::forbidden("data", why));
            }
        }
    }
    causes
}
