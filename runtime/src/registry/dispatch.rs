//! The way of a call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use serde_json::Value;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::asking::PlanAsker;
use super::{Listed, Registry, Withheld};
use crate::answer::{Answer, Maker};
use crate::arguments;
use crate::audit;
use crate::call::{Call, CallSetup, Identity, ProgressSink};
use crate::change::Change;
use crate::confirm::Prompter;
use crate::failure::{Failure, FailureKind};
use crate::kubernetes::Person;
use crate::metrics;
use crate::tool::{Arguments, Effect, Meaning, ToolInfo};

/// What a transport gives a call.
pub struct CallContext {
    /// Cancelled when the client cancels or goes away.
    pub cancellation: CancellationToken,
    /// Where progress goes.
    pub progress: Arc<dyn ProgressSink>,
    /// The way to a person who can confirm.
    pub prompter: Arc<dyn Prompter>,
    /// Who calls.
    pub who: Identity,
}

/// A tool that cannot be called: the request itself is wrong, no call took place.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotCallable {
    /// There is no such tool.
    #[error("unknown tool `{name}`{}", .near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for, shortened.
        name: String,
        /// The nearest tool.
        near: Option<&'static str>,
    },
    /// The server was started without such tools.
    #[error("tool `{name}` is not available: it would {}, and this server runs without such tools", if *.effect == Effect::Destroy { "destroy" } else { "write" })]
    Withheld {
        /// The tool.
        name: &'static str,
        /// Its effect.
        effect: Effect,
    },
    /// Its toolset is off.
    #[error(
        "tool `{name}` is not available: it belongs to the toolset `{toolset}`, which is off. Start the server with `--toolsets {wanted}` (or CNPG_MCP_TOOLSETS={wanted}) to have it"
    )]
    ToolsetOff {
        /// The tool.
        name: &'static str,
        /// Its toolset.
        toolset: &'static str,
        /// The toolsets that are on, and this one.
        wanted: String,
    },
}

impl Registry {
    /// Calls a tool. The call runs in a task of its own: when whoever waits for it goes away, it is
    /// cancelled, which undoes what has to be undone, and not broken off.
    ///
    /// # Errors
    /// Where there is no such tool. Every failure of a call is an [`Answer`].
    pub async fn call(&self, name: &str, arguments: Arguments, context: CallContext) -> Result<Answer, NotCallable> {
        let listed = self.tools.get(name).ok_or_else(|| self.not_callable(name))?;
        let began = Instant::now();
        let answer = self.answer(listed, arguments, context).await;
        metrics::tool_call(listed.info.name, answer.outcome(), began.elapsed());
        Ok(answer)
    }

    async fn answer(&self, listed: &Listed, arguments: Arguments, context: CallContext) -> Answer {
        let call_id = uuid::Uuid::new_v4().to_string();
        if self.running.is_stopping() {
            return Answer::failed(&stopping(), call_id);
        }
        let run = Run::new(self, listed, &arguments, &context, call_id.clone());
        let arguments = match arguments::check(listed.info, arguments) {
            Ok(arguments) => arguments,
            Err(problems) => {
                let answer = Answer::invalid(listed.info, &problems, call_id);
                run.audit(&[], answer.outcome());
                return answer;
            }
        };
        let client = context.cancellation.clone();
        let (token, mut handle) = self.running.spawn(move |token| run.run(arguments, context, token));
        let _cancelled_when_dropped = token.clone().drop_guard();
        let joined = tokio::select! {
            joined = &mut handle => joined,
            () = client.cancelled() => {
                token.cancel();
                handle.await
            }
        };
        joined.unwrap_or_else(|error| {
            tracing::error!(tool = listed.info.name, %error, "a call broke off");
            Answer::failed(&Failure::internal("The call broke off inside the server."), call_id)
        })
    }

    fn not_callable(&self, name: &str) -> NotCallable {
        match self.withheld.get_key_value(name) {
            Some((name, Withheld::Effect(effect))) => NotCallable::Withheld { name, effect: *effect },
            Some((name, Withheld::Toolset(toolset))) => {
                NotCallable::ToolsetOff { name, toolset, wanted: self.options.toolsets.with(toolset) }
            }
            None => NotCallable::Unknown {
                name: name.chars().filter(|character| !character.is_control()).take(64).collect(),
                near: arguments::nearest(name, self.tools.keys().copied())
                    .and_then(|near| self.tools.get_key_value(near))
                    .map(|(near, _)| *near),
            },
        }
    }
}

/// A call on its way.
struct Run {
    tool: crate::tool::Tool,
    published: serde_json::Map<String, Value>,
    templates: Arc<crate::render::Templates>,
    kubernetes: Arc<crate::kubernetes::Kubernetes>,
    options: super::Options,
    call_id: String,
    started: Instant,
    audited: Value,
    who: Identity,
}

impl Run {
    fn new(
        registry: &Registry,
        listed: &Listed,
        arguments: &Arguments,
        context: &CallContext,
        call_id: String,
    ) -> Self {
        Self {
            tool: listed.tool,
            published: listed.output_fields().cloned().unwrap_or_default(),
            templates: Arc::clone(&registry.templates),
            kubernetes: Arc::clone(&registry.kubernetes),
            options: registry.options.clone(),
            call_id,
            started: Instant::now(),
            audited: if listed.info.effect == Effect::Read {
                Value::Null
            } else {
                audit::masked(listed.info, arguments)
            },
            who: context.who.clone(),
        }
    }

    async fn run(self, arguments: Arguments, context: CallContext, token: CancellationToken) -> Answer {
        let info = self.tool.info;
        let params = shown(info, &arguments);
        let current_namespace = self.kubernetes.current_namespace().to_owned();
        let asker = PlanAsker {
            templates: Arc::clone(&self.templates),
            tool: info,
            params: params.clone(),
            settings: Arc::clone(&self.options.settings),
            current_namespace: current_namespace.clone(),
            clock: self.options.clock,
            prompter: context.prompter,
        };
        let mut call = Call::new(CallSetup {
            tool: info,
            arguments: arguments.clone(),
            kubernetes: Arc::clone(&self.kubernetes),
            cancellation: token,
            progress: context.progress,
            asking: Arc::new(asker),
            clock: self.options.clock,
            deadline: tokio::time::Instant::now() + self.options.call_time,
            dry_run: flag(info, &arguments, Meaning::DryRun),
            call_id: self.call_id.clone(),
            settings: Arc::clone(&self.options.settings),
            who: context.who,
        });
        let result = match AssertUnwindSafe((self.tool.run)(arguments, &mut call)).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(panicked(info)),
        };
        match result {
            Ok(mut output) => {
                let report = call.finish();
                report.secrets.mask_value(&mut output);
                let mut params = params;
                params.extend(report.computed.clone());
                let maker = Maker {
                    templates: &self.templates,
                    tool: info,
                    published: &self.published,
                    params: &params,
                    settings: &self.options.settings,
                    current_namespace,
                    now: self.options.clock.now(),
                };
                let answer = maker.answer(&output, &report, self.call_id.clone());
                self.audit(&report.changes, answer.outcome());
                answer
            }
            Err(failure) => {
                let changes = call.changes.clone();
                let failure = call.undo(failure).await;
                let answer = Answer::failed(&failure, self.call_id.clone());
                self.audit(&changes, answer.outcome());
                answer
            }
        }
    }

    fn audit(&self, changes: &[Change], outcome: &str) {
        if self.tool.info.effect != Effect::Read {
            let objects: Vec<String> = changes.iter().map(object).collect();
            audit::write(&audit::Entry {
                tool: self.tool.info,
                arguments: &self.audited,
                objects: &objects,
                outcome,
                duration: self.started.elapsed(),
                call_id: &self.call_id,
                subject: self.who.subject.as_deref().unwrap_or("anonymous"),
                client: self.who.client.as_deref().unwrap_or_default(),
                program: self.who.program.as_deref().unwrap_or_default(),
                kubernetes_user: &self.who.person.as_ref().map(Person::user).unwrap_or_default(),
            });
        }
    }
}

/// A write as the audit line has it.
fn object(change: &Change) -> String {
    let namespace = change.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {} {namespace}{}", change.action.as_str(), change.kind, change.name)
}

/// Parameters that may be shown.
fn shown(info: &ToolInfo, arguments: &Arguments) -> Arguments {
    arguments
        .iter()
        .filter(|(name, _)| info.param(name).is_some_and(|param| !param.secret))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn flag(info: &ToolInfo, arguments: &Arguments, meaning: Meaning) -> bool {
    info.meaning(meaning).and_then(|param| arguments.get(param.name)) == Some(&Value::Bool(true))
}

fn stopping() -> Failure {
    Failure::new(FailureKind::ServerError, "The server is stopping and takes no new calls. Nothing was done.")
        .advise("Call again in a moment.")
}

/// What a panic says is not repeated: it may quote anything. The panic hook logs where it was.
fn panicked(info: &ToolInfo) -> Failure {
    tracing::error!(tool = info.name, "a handler panicked");
    Failure::internal("The tool failed inside the server.")
}
