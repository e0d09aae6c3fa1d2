//! What clients may ask of APIs in their own name.

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::input::{self, Body};
use crate::paging::{self, Query};
use crate::scopes::demand;
use crate::tenant::Tenant;

pub async fn list(State(shared): crate::State, headers: HeaderMap, query: Query) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "read:client_grants")?;
    let fits = |grant: &&Value| {
        ["client_id", "audience"].iter().all(|field| query.get(*field).is_none_or(|value| grant[*field] == **value))
    };
    let grants: Vec<Value> = shared.tenant().list("client_grants").iter().filter(fits).cloned().collect();
    paging::either(&grants, "client_grants", &query)
}

/// Scopes of a grant are scopes of its API.
fn check(tenant: &mut Tenant, audience: &str, scope: &Value) -> Result<(), Refusal> {
    let api = tenant.find("resource_servers", "identifier", audience);
    let api = api.ok_or_else(|| Refusal::missing("resource server"))?;
    let known = api["scopes"].as_array().cloned().unwrap_or_default();
    let scopes = scope.as_array().ok_or_else(|| Refusal::invalid("'Missing required property: scope'"))?;
    match scopes.iter().find(|scope| !known.iter().any(|known| known["value"] == **scope)) {
        Some(unknown) => Err(Refusal::invalid(format!("'The scope {unknown} is not one of {audience}'"))),
        None => Ok(()),
    }
}

pub async fn create(
    State(shared): crate::State,
    headers: HeaderMap,
    Json(body): Body,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    demand(&shared, &headers, "create:client_grants")?;
    let fields = input::fields(body, &["client_id", "audience", "scope"])?;
    let (client, audience) = (input::text(&fields, "client_id")?, input::text(&fields, "audience")?);
    let mut tenant = shared.tenant();
    check(&mut tenant, &audience, fields.get("scope").unwrap_or(&Value::Null))?;
    tenant.find("clients", "client_id", &client).ok_or_else(|| Refusal::missing("client"))?;
    let twice = |grant: &Value| grant["client_id"] == client && grant["audience"] == audience;
    if tenant.list("client_grants").iter().any(twice) {
        return Err(Refusal::conflict("A grant for the specified client and audience already exists."));
    }
    let mut grant = json!({ "id": tenant.id("cgr_") });
    input::put(&mut grant, fields);
    tenant.list("client_grants").push(grant.clone());
    Ok((StatusCode::CREATED, Json(grant)))
}

pub async fn update(
    State(shared): crate::State,
    headers: HeaderMap,
    Path(id): Path<String>,
    Json(body): Body,
) -> Result<Json<Value>, Refusal> {
    demand(&shared, &headers, "update:client_grants")?;
    let fields = input::fields(body, &["scope"])?;
    let mut tenant = shared.tenant();
    let grant = tenant.find("client_grants", "id", &id).cloned().ok_or_else(|| Refusal::missing("client grant"))?;
    check(&mut tenant, grant["audience"].as_str().unwrap_or_default(), &fields["scope"])?;
    let grant = tenant.find("client_grants", "id", &id).ok_or_else(|| Refusal::missing("client grant"))?;
    input::put(grant, fields);
    Ok(Json(grant.clone()))
}
