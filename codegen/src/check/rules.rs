//! Rules that hold for a tool as a whole.

use super::Lowering;
use crate::diagnostic::Code;
use crate::lowered::{Effect, Meaning, Step, Undo};

impl Lowering<'_> {
    /// Effect against steps, dry run, undo, unused names.
    pub(super) fn rules(&mut self, steps: &[Step]) {
        self.effect();
        self.undo();
        self.meanings();
        self.clauses();
        if self.sound {
            self.after_deletion(steps);
            self.unused(steps);
        }
    }

    fn effect(&mut self) {
        let (effect, span) = self.tool.effect;
        let word = match effect {
            Effect::Read => "read",
            Effect::Write => "write",
            Effect::Destroy => "destroy",
        };
        for step in &self.tool.steps {
            let needs = needed_effect(&step.verb);
            if needs > effect {
                let wanted = if needs == Effect::Destroy { "destroy" } else { "write" };
                self.typer
                    .sink
                    .error(Code::Effect, step.verb_span, format!("a tool with the effect `{word}` cannot do this"))
                    .see(span, "stated here")
                    .help(format!("say `effect: {wanted}`, or take the step out"));
            }
        }
        let writes = self.tool.steps.iter().any(|step| needed_effect(&step.verb) > Effect::Read);
        if effect > Effect::Read && !writes && !self.tool.incomplete {
            self.typer
                .sink
                .error(Code::Effect, span, format!("the effect is `{word}`, but no step writes anything"))
                .help("say `effect: read`");
        }
        if effect > Effect::Read
            && !self.tool.incomplete
            && !self.params.iter().any(|param| param.meaning == Some(Meaning::DryRun))
        {
            let confirms = self.tool.steps.iter().any(|step| matches!(step.verb, crate::syntax::Verb::Confirm { .. }));
            let (message, note, help) = if effect == Effect::Destroy && !confirms {
                (
                    "a tool that destroys has neither a confirmation nor a dry run",
                    "the first call, meant or not, would do it beyond recall",
                    "take in `dry_run: { use: dry_run }`, and ask by `- confirm: { by: …, plan: … }` where data goes",
                )
            } else {
                (
                    "a tool that writes has a parameter with the meaning `dry_run`",
                    "a caller must be able to see what would change before it does",
                    "take in the shared one by `dry_run: { use: dry_run }`",
                )
            };
            self.typer.sink.error(Code::DryRunMissing, span, message).note(note).help(help);
        }
    }

    /// A write that others follow says what takes it back.
    fn undo(&mut self) {
        let writes: Vec<usize> = (0..self.tool.steps.len())
            .filter(|index| needed_effect(&self.tool.steps[*index].verb) > Effect::Read)
            .collect();
        for step in &self.tool.steps {
            let Some((undo, span)) = step.undo else { continue };
            let fits = matches!(
                (undo, &step.verb),
                (Undo::Delete, crate::syntax::Verb::Create(_)) | (Undo::Restore, crate::syntax::Verb::Edit(_))
            );
            if !fits {
                let error = self.typer.sink.error(Code::UndoUnfit, span, "this undo does not fit the verb");
                error.help("`undo: delete` takes a `create` back, `undo: restore` an `edit`");
            }
        }
        for (at, index) in writes.iter().enumerate() {
            let step = &self.tool.steps[*index];
            let deletes =
                matches!(step.verb, crate::syntax::Verb::Delete { .. } | crate::syntax::Verb::DeleteEach { .. });
            if step.undo.is_some() || deletes {
                continue;
            }
            if let Some(next) = writes.get(at + 1) {
                let next = self.tool.steps[*next].verb_span;
                let help = match step.verb {
                    crate::syntax::Verb::Create(_) => "add `undo: delete`: only what this call created is deleted",
                    crate::syntax::Verb::Edit(_) => "add `undo: restore`: the element is put back as it was",
                    _ => "make this step the last write: a patch cannot be taken back",
                };
                let error = self.typer.sink.error(
                    Code::UndoMissing,
                    step.verb_span,
                    "nothing says what takes this write back when a later one fails",
                );
                if next.file == step.verb_span.file {
                    error.see(next, "a later write");
                }
                error.help(help);
            }
        }
    }

    fn meanings(&mut self) {
        for (index, param) in self.params.iter().enumerate() {
            let span = self.param_names[index].span;
            let confirms = self.tool.steps.iter().any(|step| matches!(step.verb, crate::syntax::Verb::Confirm { .. }));
            if param.meaning == Some(Meaning::Confirmation) && !confirms {
                self.typer
                    .sink
                    .error(
                        Code::Confirmation,
                        span,
                        format!("no step asks for the confirmation that `{}` gives", param.name),
                    )
                    .help("add `- confirm: { by: …, plan: … }` before the first write");
            }
        }
        for (one, other, word) in
            [(Meaning::Limit, Meaning::Cursor, "cursor"), (Meaning::Cursor, Meaning::Limit, "limit")]
        {
            let has = |meaning| self.params.iter().position(|param| param.meaning == Some(meaning));
            if let (Some(index), None, false) = (has(one), has(other), self.tool.incomplete) {
                let span = self.param_names[index].span;
                self.typer
                    .sink
                    .error(
                        Code::Paging,
                        span,
                        format!("`{}` pages, but no parameter has the meaning `{word}`", self.params[index].name),
                    )
                    .help("take in the shared group by `page: { spread: page }`");
            }
        }
        let mut wrote = None;
        for step in &self.tool.steps {
            if let (crate::syntax::Verb::Confirm { .. }, Some(first)) = (&step.verb, wrote) {
                self.typer
                    .sink
                    .error(Code::Confirmation, step.verb_span, "the confirmation comes after something was written")
                    .see(first, "written here")
                    .help("ask before the first write");
            }
            if needed_effect(&step.verb) > Effect::Read {
                wrote.get_or_insert(step.verb_span);
            }
        }
    }

    /// Clauses on verbs that they do nothing for.
    fn clauses(&mut self) {
        use crate::syntax::Verb as V;
        for step in &self.tool.steps {
            let asks = matches!(
                step.verb,
                V::Get(_)
                    | V::List(_)
                    | V::Read(_)
                    | V::Create(_)
                    | V::Patch(_)
                    | V::Edit(_)
                    | V::Delete { .. }
                    | V::DeleteEach { .. }
                    | V::Wait(_)
            );
            let reads = matches!(step.verb, V::Get(_) | V::List(_) | V::Read(_));
            let mut nothing = |span, clause: &str, help: &str| {
                self.typer.sink.error(Code::Clause, span, format!("`{clause}` does nothing on this verb")).help(help);
            };
            if let Some(span) = step.missing_ok.filter(|_| !reads && !matches!(step.verb, V::Delete { .. })) {
                nothing(span, "missing", "it is for `get`, `list`, `read` and `delete`");
            }
            if let Some(note) = step.forbidden.as_ref().filter(|_| !reads) {
                nothing(
                    note.span,
                    "forbidden",
                    "it is for `get`, `list` and `read`; writes take `advice: { forbidden: … }`",
                );
            }
            if let Some((_, text)) = step.advice.first().filter(|_| !asks) {
                nothing(text.span, "advice", "it is for verbs that ask the API server");
            }
        }
    }
}

/// The least effect that a verb needs.
fn needed_effect(verb: &crate::syntax::Verb) -> Effect {
    match verb {
        crate::syntax::Verb::Create(_) | crate::syntax::Verb::Patch(_) | crate::syntax::Verb::Edit(_) => Effect::Write,
        crate::syntax::Verb::Delete { .. } | crate::syntax::Verb::DeleteEach { .. } => Effect::Destroy,
        _ => Effect::Read,
    }
}
