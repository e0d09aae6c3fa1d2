//! The ways of asking an MCP client's user.
//!
//! MCP 2026-07-28 has no requests from server to client: a call that needs an answer ends with
//! `InputRequired` and is made again with the answer and a state that this server sealed. The state holds
//! what was shown (names and uids), is bound to caller, tool and arguments, and expires. Older revisions
//! are asked by elicitation while the call waits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, ElicitRequest, ElicitRequestParams, ElicitationAction, ElicitationSchema, InputRequest,
    InputRequests, InputRequiredResult, InputResponses, RequestStateCodec, RequestStateError, SealOptions,
};
use rmcp::service::{Peer, RoleServer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::budget;
use crate::call::Identity;
use crate::confirm::{Asked, ObjectShown, Prompt, Prompter};

/// Name of the request and of its field.
const CONFIRM: &str = "confirm";

/// How long a plan may be looked at.
const PATIENCE: Duration = Duration::from_mins(10);

/// Characters of a plan that are shown in a dialog.
const MESSAGE_LIMIT: usize = 4_000;

/// Whether a client shows forms (an empty capability means forms: MCP 2025-06-18).
pub(super) fn shows_forms(capabilities: &ClientCapabilities) -> bool {
    capabilities.elicitation.as_ref().is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none())
}

/// Asks by elicitation while the call waits.
pub(super) struct Elicitation {
    pub(super) peer: Peer<RoleServer>,
}

impl Prompter for Elicitation {
    fn prompt(&self, prompt: Prompt) -> BoxFuture<'_, Asked> {
        Box::pin(async move {
            let Some(params) = form(&prompt) else { return Asked::Nobody };
            match self.peer.create_elicitation_with_timeout(params, Some(PATIENCE)).await {
                Ok(result) if result.action == ElicitationAction::Accept && agrees(result.content.as_ref()) => {
                    Asked::Yes
                }
                Ok(_) => Asked::No,
                Err(error) => {
                    tracing::debug!(%error, "the client could not be asked");
                    Asked::Nobody
                }
            }
        })
    }
}

/// What was shown, sealed into the state.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    objects: Vec<ObjectShown>,
}

/// Asks by ending the call; the answer comes with the next one.
pub(super) struct InputRequired<'a> {
    codec: &'a RequestStateCodec,
    /// Caller, tool and arguments.
    bound_to: Vec<u8>,
}

impl<'a> InputRequired<'a> {
    pub(super) fn new(codec: &'a RequestStateCodec, who: &Identity, tool: &str, arguments: &Value) -> Self {
        // JSON keeps the four apart, and an object's keys come sorted.
        let bound_to = json!([who.subject, who.client, tool, sorted(arguments)]).to_string().into_bytes();
        Self { codec, bound_to }
    }

    /// The prompter of this round: it knows the answer that came with the call, if one did. What is too old, or no
    /// answer, leads to the question once more.
    ///
    /// # Errors
    /// For a state that this server did not seal for this caller, tool and arguments (MCP 2026-07-28, "Multi Round-Trip
    /// Requests": such a one is rejected).
    pub(super) fn prompter(
        &self,
        state: Option<&str>,
        responses: Option<&InputResponses>,
    ) -> Result<Rounds, ErrorData> {
        let shown = match state.map(|state| self.codec.open_json_with::<Shown>(state, &self.bound_to)) {
            None | Some(Err(RequestStateError::Expired)) => None,
            Some(Ok(shown)) => Some(shown),
            Some(Err(_)) => {
                return Err(ErrorData::invalid_params(
                    "`requestState` is not what this server gave out for this call with these arguments; call the tool again without it",
                    None,
                ));
            }
        };
        let answer = responses.and_then(|responses| responses.get(CONFIRM)).and_then(decision);
        Ok(Rounds { answer: shown.zip(answer), question: Mutex::new(None) })
    }

    /// The result that asks, where the call ended with a question.
    pub(super) fn result(&self, rounds: &Rounds) -> Option<InputRequiredResult> {
        let prompt = rounds.question.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let options = SealOptions::new().associated_data(&self.bound_to).ttl(PATIENCE);
        let state = self.codec.seal_json_with(&Shown { objects: prompt.objects.clone() }, &options).ok()?;
        let request = InputRequest::Elicitation(ElicitRequest::new(form(&prompt)?));
        let requests: InputRequests = [(CONFIRM.to_owned(), request)].into();
        Some(InputRequiredResult::new(Some(requests), Some(state)))
    }
}

/// One round of asking.
pub(super) struct Rounds {
    answer: Option<(Shown, bool)>,
    question: Mutex<Option<Prompt>>,
}

impl Prompter for Rounds {
    fn prompt(&self, prompt: Prompt) -> BoxFuture<'_, Asked> {
        let asked = match &self.answer {
            Some((_, false)) => Asked::No,
            Some((shown, true)) if same_objects(&shown.objects, &prompt.objects) => Asked::Yes,
            Some((_, true)) => Asked::Stale,
            None => {
                *self.question.lock().unwrap_or_else(PoisonError::into_inner) = Some(prompt);
                Asked::Later
            }
        };
        Box::pin(async move { asked })
    }
}

fn same_objects(shown: &[ObjectShown], present: &[ObjectShown]) -> bool {
    let sorted = |objects: &[ObjectShown]| {
        let mut objects = objects.to_vec();
        objects.sort();
        objects
    };
    sorted(shown) == sorted(present)
}

/// A form with one box to tick.
fn form(prompt: &Prompt) -> Option<ElicitRequestParams> {
    let schema: ElicitationSchema = serde_json::from_value(json!({
        "type": "object",
        "properties": { CONFIRM: { "type": "boolean", "title": prompt.tool.title, "description": "Go ahead with exactly this. It cannot be undone.", "default": false } },
        "required": [CONFIRM],
    }))
    .ok()?;
    Some(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: budget::cut_markdown(&prompt.message, MESSAGE_LIMIT),
        requested_schema: schema,
    })
}

/// Whether an answer to the form is a yes; `None`: it is no answer.
fn decision(response: &Value) -> Option<bool> {
    match response.get("action").and_then(Value::as_str)? {
        "accept" => Some(agrees(response.get("content"))),
        "decline" | "cancel" => Some(false),
        _ => None,
    }
}

fn agrees(content: Option<&Value>) -> bool {
    content.and_then(|content| content.get(CONFIRM)) == Some(&Value::Bool(true))
}

/// The value with the keys of its objects in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
