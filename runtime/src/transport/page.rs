//! The page at `/`: for people who open the address in a browser.

use std::fmt::Write as _;

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use crate::registry::Registry;

/// Nothing is loaded from anywhere, nothing runs, nobody frames it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
code{font-family:ui-monospace,monospace}li{margin:.25rem 0}";

/// The page, made once.
pub(super) fn html(registry: &Registry, name: &str, endpoint: &str) -> String {
    let mut tools = String::new();
    for listed in registry.tools() {
        // Writing to a String does not fail.
        let _ = write!(
            tools,
            "<li><code>{}</code>: {} ({})</li>",
            escape(listed.info.name),
            escape(listed.info.title),
            listed.info.effect.as_str()
        );
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<title>{name}</title><style>{STYLE}</style></head><body><main><h1>{name} {}</h1>\
<p>This is an MCP server: programs talk to it, not browsers. Give its address to an MCP client:</p>\
<p><code>{}</code></p><h2>Tools</h2><ul>{tools}</ul>\
<p><a href=\"/healthz\">healthz</a> · <a href=\"/readyz\">readyz</a></p></main></body></html>",
        escape(registry.version()),
        escape(endpoint),
    )
}

/// The page as a response, with the headers that a page should have.
pub(super) fn respond(html: String) -> Response {
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
