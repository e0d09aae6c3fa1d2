//! Tokens for clients (RFC 6749, section 4.4).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

pub async fn token(State(shared): crate::State, Form(form): Form<HashMap<String, String>>) -> Response {
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if said("grant_type") != "client_credentials" {
        return refuse(StatusCode::FORBIDDEN, "unauthorized_client", "Grant type not allowed for the client.");
    }
    let mut tenant = shared.tenant();
    let (id, audience) = (said("client_id").to_owned(), said("audience").to_owned());
    let Some(client) = tenant.find("clients", "client_id", &id) else {
        return refuse(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized");
    };
    if client["client_secret"] != said("client_secret") {
        return refuse(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized");
    }
    let allowed = client["grant_types"].as_array().is_some_and(|all| all.iter().any(|one| one == "client_credentials"));
    if !allowed {
        return refuse(StatusCode::FORBIDDEN, "unauthorized_client", "Grant type not allowed for the client.");
    }
    let grant =
        tenant.list("client_grants").iter().find(|grant| grant["client_id"] == id && grant["audience"] == audience);
    let Some(scopes) = grant.and_then(|grant| grant["scope"].as_array()).cloned() else {
        let description = format!("Client is not authorized to access \"{audience}\".");
        return refuse(StatusCode::FORBIDDEN, "access_denied", &description);
    };
    let scopes: Vec<String> = scopes.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect();
    let scope = scopes.join(" ");
    let token = tenant.issue(scopes);
    Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 86400, "scope": scope })).into_response()
}
