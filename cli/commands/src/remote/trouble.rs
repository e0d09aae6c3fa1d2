//! What can be wrong with a server that is called, and what to do about it.

use std::error::Error;

use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, InsufficientScopeError, StreamableHttpError,
};

use crate::plain::plain;

type HttpError = StreamableHttpError<reqwest::Error>;

/// Why a server did not do what it should.
#[derive(Debug)]
pub enum Trouble {
    /// 401, with its `WWW-Authenticate`.
    Unauthorized(String),
    /// 403 for the want of a scope, with its `WWW-Authenticate`.
    Forbidden(String),
    /// Anything else, for people.
    Other(String),
}

impl From<ClientInitializeError> for Trouble {
    fn from(error: ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => of(error.error.as_ref()),
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => (*fallback).into(),
            ClientInitializeError::JsonRpcError(error) => Self::Other(refused(&error.message)),
            error => Self::Other(format!("the server does not speak MCP as it should: {}", plain(&error.to_string()))),
        }
    }
}

impl From<ServiceError> for Trouble {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::TransportSend(error) => of(error.error.as_ref()),
            ServiceError::McpError(error) => Self::Other(refused(&error.message)),
            ServiceError::TransportClosed => Self::Other(
                "the connection broke before the answer came; whether the call was done is not known. Look before \
                 calling again"
                    .to_owned(),
            ),
            error => Self::Other(plain(&error.to_string())),
        }
    }
}

fn refused(message: &str) -> String {
    format!("the server refuses: {}", plain(message))
}

/// Looks for the cause that says most.
fn of(error: &(dyn Error + 'static)) -> Trouble {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<AuthRequiredError>() {
            return Trouble::Unauthorized(error.www_authenticate_header.clone());
        }
        if let Some(error) = error.downcast_ref::<InsufficientScopeError>() {
            return Trouble::Forbidden(error.www_authenticate_header.clone());
        }
        if let Some(error) = error.downcast_ref::<HttpStatusError>() {
            return Trouble::Other(status(error));
        }
        if let Some(HttpError::Client(error)) = error.downcast_ref::<HttpError>() {
            return Trouble::Other(connection(error));
        }
        if let Some(HttpError::UnexpectedServerResponse(_) | HttpError::UnexpectedContentType(_)) =
            error.downcast_ref::<HttpError>()
        {
            return Trouble::Other(format!(
                "what answers there is no MCP server ({}); the main server's endpoint is https://NAME/mcp, the test \
                 server's https://NAME/test",
                first_line(&error.to_string())
            ));
        }
        cause = error.source();
    }
    Trouble::Other(plain(&error.to_string()))
}

fn status(error: &HttpStatusError) -> String {
    let after = error.retry_after.as_deref().and_then(|after| after.parse::<u32>().ok());
    let after = after.map_or_else(|| "later".to_owned(), |seconds| format!("in {seconds} seconds"));
    match error.status {
        429 => format!("the server was asked too often (HTTP 429); try again {after}"),
        503 => format!("the server, or what it needs, is not available now (HTTP 503); try again {after}"),
        502 | 504 => format!(
            "the server does not answer what stands in front of it (HTTP {}); is it running? Whether the call was \
             done is not known",
            error.status
        ),
        other => format!("the server has a fault of its own (HTTP {other}); its log says more"),
    }
}

fn connection(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let why = plain(&deepest.to_string());
    if error.is_connect() {
        format!("it cannot be reached ({why}); is the server running, and is the address right?")
    } else if let Some(status) = error.status() {
        format!("the server answers HTTP {status}")
    } else {
        format!("the connection broke ({why}); whether the call was done is not known. Look before calling again")
    }
}

fn first_line(text: &str) -> String {
    plain(text.lines().next().unwrap_or_default()).chars().take(200).collect()
}
