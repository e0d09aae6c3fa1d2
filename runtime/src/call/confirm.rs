//! `confirm`: asks before something is destroyed.

use serde::Serialize;
use tokio::time::Instant;

use super::Call;
use crate::confirm::{Asked, ObjectShown, Question};
use crate::failure::Failure;
use crate::meta::ObjectMeta;
use crate::tool::Outcome;

impl Call {
    /// Whether to go ahead. `confirmed` is the tool's parameter; where it is false, a client that can be
    /// asked is shown the plan (the tool's output as it stands) and the objects with their uids. A dry run
    /// needs no confirmation. Where the answer is no, the outcome is `unconfirmed` and the handler returns
    /// its output.
    ///
    /// # Errors
    /// Where the call was cancelled, also while asking.
    pub async fn confirm(
        &mut self,
        confirmed: bool,
        plan: &impl Serialize,
        objects: &[&ObjectMeta],
    ) -> Result<bool, Failure> {
        self.go_on()?;
        if confirmed || self.dry_run {
            return Ok(true);
        }
        let mut plan =
            serde_json::to_value(plan).map_err(|_| Failure::internal("The plan cannot be written as JSON."))?;
        self.secrets.mask_value(&mut plan);
        let objects = objects
            .iter()
            .map(|metadata| ObjectShown {
                namespace: metadata.namespace.clone(),
                name: metadata.name.clone(),
                uid: metadata.uid.clone(),
            })
            .collect();
        let question = Question { plan, computed: self.computed.clone(), warnings: self.warnings.clone(), objects };
        let asked_at = Instant::now();
        let asking = self.asking.clone();
        let cancellation = self.cancellation.clone();
        let asked = tokio::select! {
            biased;
            () = cancellation.cancelled() => return Err(Failure::cancelled()),
            asked = asking.ask(question) => asked,
        };
        self.spent_aside(asked_at);
        match asked {
            Asked::Yes => return Ok(true),
            Asked::Stale => self.warn("What was confirmed has been deleted and made again meanwhile, or is not what this call would delete. It has to be confirmed anew."),
            Asked::No | Asked::Later | Asked::Nobody => {}
        }
        self.outcome = Some(Outcome::Unconfirmed);
        Ok(false)
    }
}
