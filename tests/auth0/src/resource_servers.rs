//! APIs.

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::error::Refusal;
use crate::input::{self, Body};
use crate::paging::{self, Query};
use crate::scopes::demand;

/// Fields that may be changed.
const FIELDS: [&str; 8] = [
    "name",
    "scopes",
    "signing_alg",
    "allow_offline_access",
    "skip_consent_for_verifiable_first_party_clients",
    "token_lifetime",
    "token_dialect",
    "enforce_policies",
];

pub async fn list(State(shared): crate::State, headers: HeaderMap, query: Query) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "read:resource_servers")?;
    paging::numbered(shared.tenant().list("resource_servers"), "resource_servers", &query)
}

/// By identifier too.
fn position(objects: &[Value], id: &str) -> Result<usize, Refusal> {
    let found = objects.iter().position(|object| object["id"] == id || object["identifier"] == id);
    found.ok_or_else(|| Refusal::missing("resource server"))
}

pub async fn read(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "read:resource_servers")?;
    let mut tenant = shared.tenant();
    let objects = tenant.list("resource_servers");
    Ok(Json(objects[position(objects, &id)?].clone()))
}

fn check(fields: &Map<String, Value>) -> Result<(), Refusal> {
    let mut values = Vec::new();
    for scope in fields.get("scopes").and_then(Value::as_array).into_iter().flatten() {
        let value = scope["value"].as_str().ok_or_else(|| Refusal::invalid("'Missing required property: value'"))?;
        if values.contains(&value) {
            return Err(Refusal::invalid(format!("'scope {value} is there twice'")));
        }
        values.push(value);
    }
    match fields.get("signing_alg").and_then(Value::as_str) {
        None | Some("RS256" | "HS256" | "PS256") => Ok(()),
        Some(_) => Err(Refusal::invalid("'No enum match for signing_alg'")),
    }
}

pub async fn create(
    State(shared): crate::State,
    headers: HeaderMap,
    Json(body): Body,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    demand(&shared, &headers, "create:resource_servers")?;
    let fields = input::fields(body, &[&FIELDS[..], &["identifier"]].concat())?;
    let identifier = input::text(&fields, "identifier")?;
    check(&fields)?;
    let mut tenant = shared.tenant();
    if tenant.find("resource_servers", "identifier", &identifier).is_some() {
        return Err(Refusal::conflict(format!("A resource server with identifier {identifier} already exists.")));
    }
    let mut object = json!({
        "id": tenant.id("api"),
        "is_system": false,
        "signing_alg": "RS256",
        "allow_offline_access": false,
        "token_lifetime": 86400,
        "scopes": [],
    });
    input::put(&mut object, fields);
    tenant.list("resource_servers").push(object.clone());
    Ok((StatusCode::CREATED, Json(object)))
}

pub async fn update(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Body,
) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "update:resource_servers")?;
    let fields = input::fields(body, &FIELDS)?;
    check(&fields)?;
    let mut tenant = shared.tenant();
    let objects = tenant.list("resource_servers");
    let index = position(objects, &id)?;
    if objects[index]["is_system"] == true {
        return Err(Refusal::invalid("'A system API cannot be changed'"));
    }
    input::put(&mut objects[index], fields);
    Ok(Json(objects[index].clone()))
}
