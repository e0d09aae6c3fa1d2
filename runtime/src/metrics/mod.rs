//! What the server counts and times, for Prometheus. Nothing in it is about a person, an object or an argument: labels
//! have a bounded number of values.
//!
//! Without [`Exposition::install`] counting costs next to nothing and is forgotten.

mod expose;
mod http;

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub use expose::{Exposition, MetricsError};
pub(crate) use http::measured;

const TOOL_CALLS: &str = "cnpg_mcp_tool_calls_total";
const TOOL_TIME: &str = "cnpg_mcp_tool_call_duration_seconds";
const KUBERNETES_REQUESTS: &str = "cnpg_mcp_kubernetes_requests_total";
const KUBERNETES_TIME: &str = "cnpg_mcp_kubernetes_request_duration_seconds";
const HTTP_REQUESTS: &str = "cnpg_mcp_http_requests_total";
const HTTP_TIME: &str = "cnpg_mcp_http_request_duration_seconds";
const REFUSED: &str = "cnpg_mcp_authentication_failures_total";
const VALIDATION_TIME: &str = "cnpg_mcp_token_validation_duration_seconds";
const PROVIDER_REQUESTS: &str = "cnpg_mcp_provider_requests_total";
const PROVIDER_TIME: &str = "cnpg_mcp_provider_request_duration_seconds";
const LOGINS: &str = "cnpg_mcp_logins_total";
const SESSIONS: &str = "cnpg_mcp_sessions";
const BUILD: &str = "cnpg_mcp_build_info";

/// Upper bounds of durations, in seconds: from a listing's milliseconds to a tool that waits for a cluster.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0];

fn describe() {
    describe_counter!(TOOL_CALLS, "Calls of tools, by tool and outcome: done, or the code of the failure");
    describe_histogram!(TOOL_TIME, "Duration of calls of tools, waiting included");
    describe_counter!(
        KUBERNETES_REQUESTS,
        "Requests to the Kubernetes API, by verb, resource and status; `none`: no answer"
    );
    describe_histogram!(KUBERNETES_TIME, "Time to the head of the Kubernetes API's answer");
    describe_counter!(HTTP_REQUESTS, "HTTP requests, by path, method and status");
    describe_histogram!(HTTP_TIME, "Time to the head of an answer, by path");
    describe_counter!(REFUSED, "Requests of the MCP endpoint that were not let in, by reason");
    describe_histogram!(VALIDATION_TIME, "Time to find out who a token lets in, a refresh at the provider included");
    describe_counter!(PROVIDER_REQUESTS, "Requests to the identity provider, by status; `none`: no answer");
    describe_histogram!(PROVIDER_TIME, "Duration of requests to the identity provider");
    describe_counter!(LOGINS, "Logins that the identity provider answered, by outcome");
    describe_gauge!(SESSIONS, "Open sessions of MCP in this process");
    describe_gauge!(BUILD, "1, with the version of the server and its name");
}

/// A call of a tool that ended.
pub(crate) fn tool_call(tool: &'static str, outcome: &'static str, time: Duration) {
    counter!(TOOL_CALLS, "tool" => tool, "outcome" => outcome).increment(1);
    histogram!(TOOL_TIME, "tool" => tool).record(time);
}

/// A request to the Kubernetes API. `status`: of its answer, if one came.
pub(crate) fn kubernetes_request(verb: &'static str, resource: &'static str, status: Option<u16>, time: Duration) {
    counter!(KUBERNETES_REQUESTS, "verb" => verb, "resource" => resource, "status" => code(status)).increment(1);
    histogram!(KUBERNETES_TIME, "verb" => verb, "resource" => resource).record(time);
}

/// A request to the identity provider. `status`: of its answer, if one came.
pub(crate) fn provider_request(status: Option<u16>, time: Duration) {
    counter!(PROVIDER_REQUESTS, "status" => code(status)).increment(1);
    histogram!(PROVIDER_TIME).record(time);
}

/// A request of the MCP endpoint that was not let in.
pub(crate) fn not_let_in(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

/// A token that was looked at.
pub(crate) fn token_validation(time: Duration) {
    histogram!(VALIDATION_TIME).record(time);
}

/// A login that the identity provider answered. `outcome`: `ok`, or the OAuth error that the client is told.
pub(crate) fn login(outcome: &'static str) {
    counter!(LOGINS, "outcome" => outcome).increment(1);
}

/// Sessions that are open now.
pub(crate) fn sessions(open: usize) {
    #[allow(clippy::cast_precision_loss, reason = "far fewer sessions than 2^52")]
    gauge!(SESSIONS).set(open as f64);
}

fn build(server: &'static str, version: &'static str) {
    gauge!(BUILD, "server" => server, "version" => version).set(1.0);
}

fn code(status: Option<u16>) -> String {
    status.map_or_else(|| String::from("none"), |status| status.to_string())
}
