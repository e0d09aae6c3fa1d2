//! Applications.

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::error::Refusal;
use crate::input::{self, Body};
use crate::paging::{self, Query};
use crate::scopes::demand;

/// Fields that may be changed.
const FIELDS: [&str; 14] = [
    "name",
    "description",
    "app_type",
    "callbacks",
    "allowed_logout_urls",
    "web_origins",
    "grant_types",
    "token_endpoint_auth_method",
    "oidc_conformant",
    "is_first_party",
    "jwt_configuration",
    "refresh_token",
    "client_metadata",
    "logo_uri",
];

/// Most entries of `client_metadata`, and characters of each.
const METADATA: (usize, usize) = (10, 255);

/// As it may be seen: the secret with `read:client_keys` alone, and only the fields asked for.
fn seen(client: &Value, scopes: &[String], fields: Option<&String>) -> Value {
    let mut client = client.clone();
    if let Some(object) = client.as_object_mut() {
        if !scopes.iter().any(|scope| scope == "read:client_keys") {
            object.remove("client_secret");
        }
        if let Some(fields) = fields {
            object.retain(|name, _| fields.split(',').any(|field| field == name));
        }
    }
    client
}

pub async fn list(State(shared): crate::State, headers: HeaderMap, query: Query) -> Result<Json<Value>, Refusal> {
    let scopes = demand(&shared, &headers, "read:clients")?;
    let fields = query.get("fields");
    let clients: Vec<Value> =
        shared.tenant().list("clients").iter().map(|client| seen(client, &scopes, fields)).collect();
    paging::either(&clients, "clients", &query)
}

pub async fn read(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, Refusal> {
    let scopes = demand(&shared, &headers, "read:clients")?;
    let mut tenant = shared.tenant();
    let client = tenant.find("clients", "client_id", &id).ok_or_else(|| Refusal::missing("client"))?;
    Ok(Json(seen(client, &scopes, query.get("fields"))))
}

fn check(fields: &Map<String, Value>) -> Result<(), Refusal> {
    if fields.get("name").and_then(Value::as_str).is_some_and(|name| name.contains(['<', '>'])) {
        return Err(Refusal::invalid("'String does not match pattern ^[^<>]+$'"));
    }
    for callback in fields.get("callbacks").and_then(Value::as_array).into_iter().flatten() {
        if !callback.as_str().is_some_and(|callback| callback.contains("://") && !callback.contains(['#', ' '])) {
            return Err(Refusal::invalid("'callbacks: Object didn't pass validation for format absolute-uri'"));
        }
    }
    let known = ["native", "spa", "regular_web", "non_interactive"];
    if fields.get("app_type").is_some_and(|kind| !known.iter().any(|known| kind == known)) {
        return Err(Refusal::invalid("'No enum match for app_type'"));
    }
    let metadata = fields.get("client_metadata").and_then(Value::as_object);
    if let Some(metadata) = metadata {
        let fits = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() <= METADATA.1);
        if metadata.len() > METADATA.0 || !metadata.values().all(fits) {
            return Err(Refusal::invalid("'client_metadata has more than 10 entries, or one of over 255 characters'"));
        }
    }
    Ok(())
}

pub async fn create(
    State(shared): crate::State,
    headers: HeaderMap,
    Json(body): Body,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    demand(&shared, &headers, "create:clients")?;
    let fields = input::fields(body, &FIELDS)?;
    input::text(&fields, "name")?;
    check(&fields)?;
    let mut tenant = shared.tenant();
    let mut client = json!({
        "client_id": tenant.id("client"),
        "client_secret": tenant.secret(),
        "oidc_conformant": false,
        "is_first_party": true,
        "callbacks": [],
    });
    input::put(&mut client, fields);
    tenant.list("clients").push(client.clone());
    Ok((StatusCode::CREATED, Json(client)))
}

pub async fn update(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Body,
) -> Result<Json<Value>, Refusal> {
    let scopes = demand(&shared, &headers, "update:clients")?;
    let fields = input::fields(body, &FIELDS)?;
    check(&fields)?;
    let mut tenant = shared.tenant();
    let client = tenant.find("clients", "client_id", &id).ok_or_else(|| Refusal::missing("client"))?;
    input::put(client, fields);
    Ok(Json(seen(client, &scopes, None)))
}

pub async fn rotate(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "update:client_keys")?;
    let mut tenant = shared.tenant();
    let secret = tenant.secret();
    let client = tenant.find("clients", "client_id", &id).ok_or_else(|| Refusal::missing("client"))?;
    client["client_secret"] = json!(secret);
    Ok(Json(client.clone()))
}
