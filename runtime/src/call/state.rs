//! The call itself, and its steps that ask nothing of Kubernetes.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clauses::Message;
use super::page::Paging;
use super::setup::{CallSetup, Identity, ProgressSink, Settings};
use crate::change::Change;
use crate::confirm::Asker;
use crate::failure::{Failure, FailureKind, ObjectRef};
use crate::fields::Fields;
use crate::kubernetes::Link;
use crate::secret::KnownSecrets;
use crate::time::{Clock, Time};
use crate::tool::{Arguments, Outcome, ToolInfo};
use crate::undo::Written;

/// A call of a tool. See [`crate::vocabulary`] for what a handler can do with it.
pub struct Call {
    pub(crate) tool: &'static ToolInfo,
    pub(crate) arguments: Arguments,
    pub(crate) link: Link,
    pub(crate) cancellation: CancellationToken,
    pub(crate) progress: Arc<dyn ProgressSink>,
    pub(crate) asking: Arc<dyn Asker>,
    clock: Clock,
    pub(crate) dry_run: bool,
    pub(crate) id: String,
    settings: Arc<Settings>,
    who: Identity,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) warnings: Vec<String>,
    pub(crate) changes: Vec<Change>,
    pub(crate) paging: Option<Paging>,
    pub(crate) touched: Vec<ObjectRef>,
    /// What was written, in order: what an undo works through.
    pub(crate) written: Vec<Written>,
    /// Whether a fan-out left something undone.
    pub(crate) partial: bool,
    /// Whether a wait came after the last write: then nothing is taken back any more.
    pub(crate) waited: bool,
    pub(crate) secrets: KnownSecrets,
    pub(crate) computed: Arguments,
}

impl Call {
    /// A call that has done nothing yet. Secret arguments are remembered, to be kept out of every text.
    pub fn new(setup: CallSetup) -> Self {
        let mut secrets = KnownSecrets::default();
        for param in setup.tool.params.iter().filter(|param| param.secret) {
            if let Some(Value::String(secret)) = setup.arguments.get(param.name) {
                secrets.add(secret);
            }
        }
        let user_agent = format!("cnpg-mcp/{} ({})", env!("CARGO_PKG_VERSION"), setup.tool.name);
        Self {
            tool: setup.tool,
            arguments: setup.arguments,
            link: Link {
                kubernetes: setup.kubernetes,
                user_agent,
                deadline: setup.deadline,
                person: setup.who.person.clone(),
            },
            cancellation: setup.cancellation,
            progress: setup.progress,
            asking: setup.asking,
            clock: setup.clock,
            dry_run: setup.dry_run,
            id: setup.call_id,
            settings: setup.settings,
            who: setup.who,
            outcome: None,
            warnings: Vec::new(),
            changes: Vec::new(),
            paging: None,
            touched: Vec::new(),
            written: Vec::new(),
            partial: false,
            waited: false,
            secrets,
            computed: Arguments::new(),
        }
    }

    /// `current_namespace()`: the pod's own namespace, else the kubeconfig context's, else `default`.
    pub fn current_namespace(&self) -> String {
        self.link.kubernetes.current_namespace().to_owned()
    }

    /// `image_registry()`: where images come from, by the server's configuration; without a slash at the end.
    pub fn image_registry(&self) -> String {
        self.settings.image_registry.trim_end_matches('/').to_owned()
    }

    /// `now()` by the call's clock.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Whether nothing may be changed.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// Unique id of the call.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who calls.
    pub fn who(&self) -> &Identity {
        &self.who
    }

    /// Says something with the answer; the same thing once.
    pub fn warn(&mut self, warning: impl Into<String>) {
        let warning = self.secrets.mask(&warning.into());
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// `require`: goes on only where the condition holds.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] with the message.
    pub fn require<M: Message>(&self, holds: bool, otherwise: impl FnOnce() -> M) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(self.masked(Failure::refused(otherwise().into_text()?))) }
    }

    /// `require` that blames a parameter.
    ///
    /// # Errors
    /// [`FailureKind::InvalidParameter`] with the message.
    pub fn require_param<M: Message>(
        &self,
        parameter: &str,
        holds: bool,
        otherwise: impl FnOnce() -> M,
    ) -> Result<(), Failure> {
        if holds { Ok(()) } else { Err(self.masked(Failure::invalid_parameter(parameter, otherwise().into_text()?))) }
    }

    /// Holds a computed default to the parameter's rule, and keeps it for the answer's templates.
    ///
    /// # Errors
    /// [`FailureKind::InvalidParameter`] where it breaks the rule: the parameter must then be passed.
    pub fn check_param(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let param = self
            .tool
            .param(name)
            .ok_or_else(|| Failure::internal(format!("`{}` has no parameter `{name}`.", self.tool.name)))?;
        let value = serde_json::to_value(value)
            .map_err(|_| Failure::internal(format!("The default of `{name}` cannot be written as JSON.")))?;
        if let Some(problem) = crate::arguments::check_value(param, &value) {
            let failure = Failure::invalid_parameter(name, problem.to_markdown());
            return Err(self.masked(failure.advise(format!(
                "Pass `{name}`: its value is worked out from other arguments where it is not passed."
            ))));
        }
        if !value.is_null() {
            self.computed.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// `stop`: the call ends with this outcome; the handler returns its output.
    pub fn stop(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    /// Remembers the secrets of a request before it is sent.
    pub(crate) fn know(&mut self, fields: &Fields) {
        for secret in fields.secrets() {
            self.secrets.add(secret.expose());
        }
    }

    /// The failure without the secrets that the call knows.
    pub(crate) fn masked(&self, failure: Failure) -> Failure {
        failure.masked(&self.secrets)
    }

    /// Between steps: whether to go on. A request that is in flight is not cut off.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        if self.cancellation.is_cancelled() {
            return Err(Failure::cancelled());
        }
        if Instant::now() >= self.link.deadline {
            let failure = Failure::new(FailureKind::TimedOut, "The call took longer than it may.");
            return Err(failure.advise("Call again; what is done already is found and not done twice."));
        }
        Ok(())
    }

    /// Notes an object that the call read or wrote, for the audit line.
    pub(crate) fn touch(&mut self, object: &ObjectRef) {
        if !self.touched.contains(object) {
            self.touched.push(object.clone());
        }
    }

    /// Records a change for the answer.
    pub(crate) fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Records a write that was done; a dry run does none.
    pub(crate) fn wrote(&mut self, written: Written) {
        let object = written.object.clone();
        self.touch(&object);
        if !self.dry_run {
            self.waited = false;
            self.written.push(written);
        }
    }

    /// Moves the deadline by the time that waiting or asking took.
    pub(crate) fn spent_aside(&mut self, since: Instant) {
        self.link.deadline += since.elapsed();
    }
}
