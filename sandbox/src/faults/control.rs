//! Control endpoints, for tests whose sandbox is another process.
//!
//! | request | does |
//! |---|---|
//! | `GET /sandbox/faults` | the rules in force and the gates |
//! | `POST /sandbox/faults` | puts a rule (or a list of rules) in force; answers `{"ids": […]}` |
//! | `DELETE /sandbox/faults` | takes all rules out of force, opens all gates |
//! | `DELETE /sandbox/faults/ID` | takes one out of force |
//! | `POST /sandbox/gates/NAME/release/COUNT` | lets `COUNT` held requests go on |
//! | `GET /sandbox/snapshot` | the whole state |
//! | `GET /sandbox/recorded` | the requests so far, and what each tool used |
//! | `DELETE /sandbox/recorded` | forgets them |

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Faults, Rule};
use crate::recorder::Recorder;

/// Answers the whole state of the sandbox.
pub type Snapshot = Arc<dyn Fn() -> Value + Send + Sync>;

#[derive(Clone)]
struct Control {
    faults: Faults,
    recorder: Recorder,
    snapshot: Snapshot,
}

/// The endpoints above. They know no authentication: the sandbox listens on loopback only.
pub fn router(faults: Faults, recorder: Recorder, snapshot: Snapshot) -> Router {
    Router::new()
        .route("/sandbox/faults", get(list).post(add).delete(clear))
        .route("/sandbox/faults/{id}", delete(remove))
        .route("/sandbox/gates/{name}/release/{count}", post(release))
        .route("/sandbox/snapshot", get(|State(control): State<Control>| async move { Json((control.snapshot)()) }))
        .route("/sandbox/recorded", get(recorded).delete(forget))
        .with_state(Control { faults, recorder, snapshot })
}

async fn list(State(control): State<Control>) -> Json<Value> {
    Json(json!({"rules": control.faults.rules(), "held": control.faults.held()}))
}

async fn add(State(control): State<Control>, Json(body): Json<Value>) -> Response {
    let rules = match body {
        Value::Array(rules) => rules,
        rule => vec![rule],
    };
    let parsed: Result<Vec<Rule>, _> = rules.into_iter().map(serde_json::from_value).collect();
    match parsed {
        Ok(rules) => {
            let ids: Vec<u64> = rules.into_iter().map(|rule| control.faults.add(rule)).collect();
            (StatusCode::CREATED, Json(json!({"ids": ids}))).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("not a rule: {error}\n")).into_response(),
    }
}

async fn clear(State(control): State<Control>) -> StatusCode {
    control.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove(State(control): State<Control>, Path(id): Path<u64>) -> StatusCode {
    if control.faults.remove(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn release(State(control): State<Control>, Path((name, count)): Path<(String, usize)>) -> StatusCode {
    if control.faults.release(&name, count) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn recorded(State(control): State<Control>) -> Json<Value> {
    Json(json!({"requests": control.recorder.records(), "byTool": control.recorder.by_tool()}))
}

async fn forget(State(control): State<Control>) -> StatusCode {
    control.recorder.clear();
    StatusCode::NO_CONTENT
}
