//! Answers: what the client accepts, and how it is written.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::query::Query;
use super::table;
use crate::error::ApiError;
use crate::store::ResourceType;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// The form in which objects are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    Plain,
    /// As they are, in YAML.
    Yaml,
    /// As a table for people.
    Table,
    /// Metadata alone.
    Metadata,
}

impl Form {
    /// Reads `Accept`: the first alternative that can be served.
    pub(crate) fn of(accept: Option<&str>) -> Result<Self, ApiError> {
        let accept = accept.unwrap_or(JSON);
        for alternative in accept.split(',') {
            let mut parts = alternative.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
            let parameter = |name: &str| parameters.iter().find(|(there, _)| *there == name).map(|(_, value)| *value);
            let meta = parameter("g").is_none_or(|group| group == "meta.k8s.io")
                && parameter("v").is_none_or(|version| version == "v1");
            match (media, parameter("as")) {
                (JSON | "*/*" | "application/*" | "", None) => return Ok(Self::Plain),
                ("application/yaml", None) => return Ok(Self::Yaml),
                (JSON, Some("Table")) if meta => return Ok(Self::Table),
                (JSON, Some("PartialObjectMetadata" | "PartialObjectMetadataList")) if meta => {
                    return Ok(Self::Metadata);
                }
                _ => {}
            }
        }
        Err(ApiError::new(
            406,
            "NotAcceptable",
            "only the following media types are accepted: application/json, application/yaml, \
             application/vnd.kubernetes.protobuf",
        ))
    }

    /// One object in this form.
    pub(crate) fn object(self, kind: &ResourceType, object: &Arc<Value>, query: &Query) -> Value {
        match self {
            Self::Plain | Self::Yaml => (**object).clone(),
            Self::Table => table::of(kind, std::slice::from_ref(object), &table::Meta::of_object(object), query),
            Self::Metadata => partial(object),
        }
    }
}

/// `PartialObjectMetadata` of an object.
pub(crate) fn partial(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

/// Writes a value behind what is there.
pub(crate) fn write(bytes: &mut Vec<u8>, value: &Value) {
    if serde_json::to_writer(&mut *bytes, value).is_err() {
        // Writing a value to memory has nothing to fail with.
        bytes.extend_from_slice(b"null");
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) revision: u64,
    pub(crate) items: Vec<Arc<Value>>,
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

/// An answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    code: u16,
    content_type: &'static str,
    body: Body,
    warnings: Vec<String>,
    retry_after: Option<u64>,
}

impl Answer {
    fn new(code: u16, content_type: &'static str, body: impl Into<Body>) -> Self {
        Self { code, content_type, body: body.into(), warnings: Vec::new(), retry_after: None }
    }

    /// A JSON document.
    pub(crate) fn json(code: u16, body: &Value) -> Self {
        Self::new(code, JSON, body.to_string() + "\n")
    }

    /// A JSON document of another media type.
    pub(crate) fn json_as(content_type: &'static str, body: &Value) -> Self {
        Self::new(200, content_type, body.to_string())
    }

    /// Plain text.
    pub(crate) fn text(code: u16, text: &str) -> Self {
        Self::new(code, TEXT, text.to_owned())
    }

    /// A stream of events, one a line.
    pub(crate) fn stream(body: Body) -> Self {
        Self::new(200, JSON, body)
    }

    /// What the server says of a path that it does not serve.
    pub(crate) fn not_served() -> Self {
        Self::text(404, "404 page not found\n")
    }

    /// A `Status`.
    pub(crate) fn error(error: &ApiError) -> Self {
        let mut answer = Self::json(error.code, &error.status());
        answer.retry_after = error.retry_after();
        answer
    }

    /// One object, in the form that is asked for.
    pub(crate) fn object(code: u16, form: Form, kind: &ResourceType, object: &Arc<Value>, query: &Query) -> Self {
        match form {
            // Written from where it lies, without a copy.
            Form::Plain => {
                let mut bytes = Vec::new();
                write(&mut bytes, object);
                bytes.push(b'\n');
                Self::new(code, JSON, bytes)
            }
            Form::Yaml => Self::yaml(code, object),
            _ => Self::json(code, &form.object(kind, object, query)),
        }
    }

    /// A list, in the form that is asked for. Items are written from where they lie.
    pub(crate) fn list(form: Form, kind: &ResourceType, page: &Page, query: &Query) -> Self {
        let mut metadata = Map::new();
        let token = page.continue_token.clone().unwrap_or_default();
        if !token.is_empty() || form == Form::Plain {
            metadata.insert("continue".to_owned(), json!(token));
        }
        if let Some(remaining) = page.remaining {
            metadata.insert("remainingItemCount".to_owned(), json!(remaining));
        }
        metadata.insert("resourceVersion".to_owned(), json!(page.revision.to_string()));
        let (api_version, list_kind) = match form {
            Form::Table => {
                let meta = table::Meta(Value::Object(metadata));
                return Self::json(200, &table::of(kind, &page.items, &meta, query));
            }
            Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList".to_owned()),
            Form::Plain | Form::Yaml => (kind.gvr.api_version(), kind.list_kind.clone()),
        };
        let head = format!(
            "{{\"apiVersion\":{},\"kind\":{},\"metadata\":{},\"items\":[",
            json!(api_version),
            json!(list_kind),
            Value::Object(metadata)
        );
        let mut bytes = head.into_bytes();
        for (at, item) in page.items.iter().enumerate() {
            if at > 0 {
                bytes.push(b',');
            }
            match form {
                Form::Metadata => write(&mut bytes, &partial(item)),
                _ => write(&mut bytes, item),
            }
        }
        bytes.extend_from_slice(b"]}\n");
        if form == Form::Yaml
            && let Ok(value) = serde_json::from_slice(&bytes)
        {
            return Self::yaml(200, &value);
        }
        Self::new(200, JSON, bytes)
    }

    fn yaml(code: u16, value: &Value) -> Self {
        match serde_yaml::to_string(value) {
            Ok(text) => Self::new(code, "application/yaml", text),
            Err(error) => Self::error(&ApiError::internal(error.to_string())),
        }
    }

    /// Adds `Warning` headers.
    #[must_use]
    pub(crate) fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings = warnings;
        self
    }

    /// The HTTP response.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        for warning in self.warnings {
            let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
            if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
                headers.append(header::WARNING, value);
            }
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
