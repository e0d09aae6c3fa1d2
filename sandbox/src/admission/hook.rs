//! The webhooks behind the API's door for admission rules.

use serde_json::Value;

use super::{Denial, GROUP, Webhooks};
use crate::api::admission::{Admission, AdmissionRequest, Warning};
use crate::error::ApiError;
use crate::faults;

/// CloudNativePG's webhooks: `--admission operator`.
///
/// Where the fault `webhooks-down` strikes a request, creating and updating the kinds that have
/// webhooks is answered as a real server does whose webhooks nobody serves.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperatorWebhooks;

fn webhooks(request: &AdmissionRequest) -> Option<Webhooks> {
    (request.gvr.group == GROUP).then(|| Webhooks::of(&request.gvr.resource)).flatten()
}

fn refusal(denial: &Denial) -> ApiError {
    ApiError::from_status(&denial.status())
}

impl Admission for OperatorWebhooks {
    fn mutate(&self, request: &AdmissionRequest, object: &mut Value) -> Result<(), ApiError> {
        let Some(webhooks) = webhooks(request) else { return Ok(()) };
        if webhooks.mutates() && faults::webhooks_down() {
            return Err(refusal(&webhooks.unreachable()));
        }
        webhooks.mutate(object).map_err(|denial| refusal(&denial))
    }

    fn validate(&self, request: &AdmissionRequest, old: Option<&Value>, new: &Value) -> Result<Vec<Warning>, ApiError> {
        let Some(webhooks) = webhooks(request) else { return Ok(Vec::new()) };
        if faults::webhooks_down() {
            return Err(refusal(&webhooks.unreachable()));
        }
        webhooks.validate(old, new).map_err(|denial| refusal(&denial))
    }
}
