//! Samples of what a tool's templates see, and what they give on them.

use minijinja::Value;

use super::Lowering;
use crate::diagnostic::{Severity, Sink};
use crate::lowered::{Outcome, OutputField};
use crate::template::sample::{Kind, Maker};
use crate::types::{Field, Type, Types};

/// A sample without the outcome.
pub(super) type Samples = Vec<(Kind, Vec<(String, Value)>)>;

impl Lowering<'_> {
    /// One sample of each kind: parameters, the output with what the runtime adds, warnings.
    pub(super) fn samples(&self, output: &[OutputField], added: &[Field], types: &Types) -> Samples {
        let sample = |kind| {
            let maker = Maker { kind, types, typer: &self.typer, params: &self.params };
            let own = output.iter().map(|field| (field.name.clone(), maker.of_expr(&field.value)));
            let added = added.iter().map(|field| (field.name.clone(), maker.of(&field.ty)));
            let params = self.params.iter().enumerate().map(|(index, param)| (param.name.clone(), maker.param(index)));
            let mut seen: Vec<(String, Value)> = params.collect();
            seen.push(("output".to_owned(), Value::from_pairs(own.chain(added))));
            seen.push(("warnings".to_owned(), maker.of(&Type::List(Box::new(Type::String)))));
            (kind, seen)
        };
        Kind::ALL.into_iter().map(sample).collect()
    }
}

/// Samples of a call that ended in a way.
pub(super) fn ended(samples: &Samples, outcome: Outcome) -> Vec<(Kind, Value)> {
    let word = crate::emit::rust::outcome_word(outcome);
    let outcome = ("outcome".to_owned(), Value::from(word));
    samples
        .iter()
        .map(|(kind, seen)| (*kind, Value::from_pairs(seen.iter().cloned().chain([outcome.clone()]))))
        .collect()
}

/// Whether no error was found since a mark.
pub(super) fn sound_since(sink: &mut Sink, mark: usize) -> bool {
    sink.since(mark).iter().all(|one| one.severity != Severity::Error)
}
