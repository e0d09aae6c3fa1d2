//! Steps on an object that an earlier step deleted. A dry run would not show it, for there the object stays.

use std::collections::BTreeMap;

use super::Lowering;
use crate::diagnostic::Code;
use crate::lowered::{Expr, ExprKind, Get, LocalId, Step, Target, Verb};
use crate::source::Span;
use crate::types::KindId;

/// Which object it is, as far as that can be told before any call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    /// The object behind a name.
    Bound(LocalId),
    /// By kind, name and namespace.
    Named(KindId, Part, Option<Part>),
}

/// A name that is written out, or is a parameter or result.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Local(LocalId),
}

impl Lowering<'_> {
    /// Looks through the steps.
    pub(super) fn after_deletion(&mut self, steps: &[Step]) {
        let names = Names::of(steps);
        let mut deleted: Vec<(Which, Span)> = Vec::new();
        for step in steps {
            if let Some(which) = names.needed(step)
                && let Some((_, place)) = deleted.iter().find(|(gone, _)| *gone == which)
            {
                self.typer
                    .sink
                    .error(Code::AfterDeletion, step.span, "the object is gone: an earlier step deleted it")
                    .see(*place, "deleted here")
                    .note("a dry run would not show it, since there the object stays")
                    .help("do this before it is deleted, or leave it out");
            }
            match &step.verb {
                Verb::Delete(delete) if step.when.is_none() => {
                    deleted.extend(names.which(&delete.target).map(|which| (which, step.span)));
                }
                // What is made anew is there again.
                Verb::Create(create) => {
                    let made = named(create.kind, &create.name, create.namespace.as_ref());
                    deleted.retain(|(gone, _)| Some(gone) != made.as_ref());
                }
                // Nor is it gone where a step followed it until it was as wanted: an operator makes Pods anew.
                Verb::Wait(wait) => {
                    let followed = names.which(&wait.target);
                    deleted.retain(|(gone, _)| Some(gone) != followed.as_ref());
                }
                _ => {}
            }
        }
    }
}

/// Which objects the names of a tool stand for.
struct Names {
    /// By the result of the step that got or made it.
    given: BTreeMap<LocalId, Which>,
    /// Names for what a condition says is there, with those that it was asked of.
    narrowed: BTreeMap<LocalId, LocalId>,
}

impl Names {
    fn of(steps: &[Step]) -> Self {
        let (mut given, mut narrowed) = (BTreeMap::new(), BTreeMap::new());
        for step in steps {
            let which = match &step.verb {
                Verb::Get(get) => by_name(get),
                Verb::Create(create) => named(create.kind, &create.name, create.namespace.as_ref()),
                _ => None,
            };
            if let (Some(local), Some(which)) = (step.binding, which) {
                given.insert(local, which);
            }
            narrowed.extend(step.narrows.iter().map(|(old, new)| (*new, *old)));
            if let Verb::Require(require) = &step.verb {
                narrowed.extend(require.narrows.iter().map(|(old, new)| (*new, *old)));
            }
        }
        Self { given, narrowed }
    }

    /// The object that must be there for a step.
    fn needed(&self, step: &Step) -> Option<Which> {
        match &step.verb {
            Verb::Get(get) if !step.missing_ok => by_name(get),
            Verb::Read(read) if !step.missing_ok => by_name(&read.object),
            Verb::Patch(patch) => self.which(&patch.target),
            Verb::Edit(edit) => self.which(&edit.target),
            Verb::Delete(delete) if !step.missing_ok => self.which(&delete.target),
            Verb::Create(create) => create.owner.map(|owner| self.behind(owner)),
            _ => None,
        }
    }

    fn which(&self, target: &Target) -> Option<Which> {
        match target {
            Target::Bound(local) => Some(self.behind(*local)),
            Target::Named(get) => by_name(get),
        }
    }

    fn behind(&self, mut local: LocalId) -> Which {
        while let Some(asked) = self.narrowed.get(&local) {
            local = *asked;
        }
        self.given.get(&local).cloned().unwrap_or(Which::Bound(local))
    }
}

fn by_name(get: &Get) -> Option<Which> {
    named(get.kind, &get.name, get.namespace.as_ref())
}

fn named(kind: KindId, name: &Expr, namespace: Option<&Expr>) -> Option<Which> {
    let namespace = match namespace {
        Some(namespace) => Some(part(namespace)?),
        None => None,
    };
    Some(Which::Named(kind, part(name)?, namespace))
}

fn part(name: &Expr) -> Option<Part> {
    match &name.kind {
        ExprKind::String(text) => Some(Part::Text(text.clone())),
        ExprKind::Local(local) => Some(Part::Local(*local)),
        _ => None,
    }
}
