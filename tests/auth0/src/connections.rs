//! Where people's accounts are.

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::input::{self, Body};
use crate::paging::{self, Query};
use crate::scopes::demand;

/// Fields that may be changed.
const FIELDS: [&str; 6] = ["display_name", "options", "is_domain_connection", "show_as_button", "realms", "metadata"];

/// Most clients of one change.
const MAX_CLIENTS: usize = 50;

/// Without what is seen elsewhere.
fn seen(connection: &Value) -> Value {
    let mut connection = connection.clone();
    if let Some(fields) = connection.as_object_mut() {
        fields.remove("clients");
    }
    connection
}

pub async fn list(State(shared): crate::State, headers: HeaderMap, query: Query) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "read:connections")?;
    let fits = |connection: &&Value| {
        ["strategy", "name"].iter().all(|field| query.get(*field).is_none_or(|value| connection[*field] == **value))
    };
    let connections: Vec<Value> = shared.tenant().list("connections").iter().filter(fits).map(seen).collect();
    paging::either(&connections, "connections", &query)
}

pub async fn read(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "read:connections")?;
    let mut tenant = shared.tenant();
    Ok(Json(seen(tenant.find("connections", "id", &id).ok_or_else(|| Refusal::missing("connection"))?)))
}

pub async fn update(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Body,
) -> Result<Json<Value>, Refusal> {
    let scopes = demand(&shared, &headers, "update:connections")?;
    let fields = input::fields(body, &FIELDS)?;
    if fields.contains_key("options") && !scopes.iter().any(|scope| scope == "update:connections_options") {
        return Err(Refusal::scope("update:connections_options"));
    }
    let mut tenant = shared.tenant();
    let connection = tenant.find("connections", "id", &id).ok_or_else(|| Refusal::missing("connection"))?;
    // "If display_name is not included in the request, the field will be overwritten with the name value."
    connection["display_name"] = connection["name"].clone();
    input::put(connection, fields);
    Ok(Json(seen(connection)))
}

pub async fn enabled(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "read:connections")?;
    let mut tenant = shared.tenant();
    let connection = tenant.find("connections", "id", &id).ok_or_else(|| Refusal::missing("connection"))?;
    let clients = connection["clients"].as_array().cloned().unwrap_or_default();
    let clients: Vec<Value> = clients.into_iter().map(|client| json!({ "client_id": client })).collect();
    paging::checkpoint(&clients, "clients", &query)
}

pub async fn enable(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Body,
) -> Result<StatusCode, Refusal> {
    demand(&shared, &headers, "update:connections")?;
    let entries = body.as_array().filter(|entries| !entries.is_empty() && entries.len() <= MAX_CLIENTS);
    let entries = entries.ok_or_else(|| Refusal::invalid("'1 to 50 clients are expected'"))?;
    let mut tenant = shared.tenant();
    for entry in entries {
        let client = entry["client_id"].as_str().unwrap_or_default();
        tenant.find("clients", "client_id", client).ok_or_else(|| Refusal::missing("client"))?;
    }
    let connection = tenant.find("connections", "id", &id).ok_or_else(|| Refusal::missing("connection"))?;
    if let Some(clients) = connection["clients"].as_array_mut() {
        for entry in entries {
            clients.retain(|client| *client != entry["client_id"]);
            if entry["status"] == true {
                clients.push(entry["client_id"].clone());
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
