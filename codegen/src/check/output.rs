//! Output and answers.

use super::Lowering;
use super::samples::{ended, sound_since};
use crate::diagnostic::Code;
use crate::expression::camel;
use crate::lowered::{Effect, ExprKind, Meaning, Outcome, OutputField, Step, Verb};
use crate::source::Span;
use crate::syntax::Value;
use crate::template::{TemplateScope, check_template};
use crate::types::{Field, ObjectId, ObjectType, Origin, Type};

/// Fields that the runtime adds; a tool's own output has no such names.
const AUTOMATIC: &[&str] = &["outcome", "warnings", "changes", "returned", "total", "truncated", "cursor", "scanned"];

impl Lowering<'_> {
    /// Lowers the output: its fields, its type, and the list that a page cuts.
    pub(super) fn output(&mut self) -> (Vec<OutputField>, Option<ObjectId>, Option<String>) {
        self.typer.scope.at_end = true;
        self.typer.scope.later.clear();
        let hint = format!("{}Output", camel(&self.tool.name.text));
        let mut fields: Vec<OutputField> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        for field in &self.tool.output {
            let name = &field.key;
            if AUTOMATIC.contains(&name.text.as_str()) {
                self.typer
                    .sink
                    .error(Code::Duplicate, name.span, format!("every output has `{}` of its own", name.text))
                    .help("choose another name");
                self.sound = false;
                continue;
            }
            if let Value::Each(each) = &field.value
                && let Some(page) = &each.page
            {
                self.typer
                    .sink
                    .error(Code::Paging, page.span, "a page is taken by a step, not by the output")
                    .help("take it in a `let` or `list` step, and name its result here");
                self.sound = false;
                continue;
            }
            let inner = format!("{hint}{}", camel(&name.text));
            let value = self.typer.value(&field.value, &inner, None);
            let Some(value) = self.keep(value) else { continue };
            if contains_secret(self.typer.types, &value.ty) {
                self.typer.leak(value.span);
                self.sound = false;
                continue;
            }
            if let ExprKind::List(items) = &value.kind
                && items.is_empty()
            {
                self.typer
                    .sink
                    .error(Code::NeverFilled, value.span, format!("`{}` is always empty: no step fills it", name.text))
                    .note("a field that says nothing costs every reader a look")
                    .help("name a list that a step gives, or take the field out");
                self.sound = false;
                continue;
            }
            places.push(name.span);
            fields.push(OutputField {
                name: name.text.clone(),
                value,
                about: field.about.as_ref().map(|about| about.text.clone()),
            });
        }
        self.typer.scope.at_end = false;
        let shape = fields
            .iter()
            .map(|field| Field { name: field.name.clone(), ty: field.value.ty.clone(), about: field.about.clone() })
            .collect();
        // Each tool's output is a type of its own, however much it is like another's.
        let name = self.typer.types.free_name(&hint);
        let object = self.typer.types.add(ObjectType { name, fields: shape, origin: Origin::Mapping });
        let paged = self.paged_output(&fields, &places);
        (fields, Some(object), paged)
    }

    /// The output list that comes from the page.
    fn paged_output(&mut self, fields: &[OutputField], places: &[Span]) -> Option<String> {
        let (page, asked) = self.paged?;
        let comes_from = |kind: &ExprKind| match kind {
            ExprKind::Local(local) => *local == page,
            ExprKind::Comprehension(each) => matches!(each.source.kind, ExprKind::Local(local) if local == page),
            _ => false,
        };
        let found: Vec<usize> = (0..fields.len()).filter(|index| comes_from(&fields[*index].value.kind)).collect();
        match found.as_slice() {
            [one] => {
                let narrower = match &fields[*one].value.kind {
                    ExprKind::Comprehension(each) => each.keep.is_some() || each.first || each.newest.is_some(),
                    _ => false,
                };
                if !narrower {
                    return Some(fields[*one].name.clone());
                }
                self.typer
                    .sink
                    .error(Code::Paging, places[*one], "this shows a part of the page alone")
                    .see(asked, "the page")
                    .note(
                        "the cursor comes from the last item shown, so what is left out would come again or be skipped",
                    )
                    .help("keep what is wanted in the step that takes the page");
            }
            [] if self.sound => {
                self.typer
                    .sink
                    .error(Code::Paging, asked, "no output list shows this page")
                    .help("put the result of the step into `output`, as it is or by `each`");
            }
            [] => {}
            [first, second, ..] => {
                self.typer
                    .sink
                    .error(Code::Paging, places[*second], "two output lists show the same page")
                    .see(places[*first], "the first one");
            }
        }
        self.sound = false;
        None
    }

    /// Checks all templates that the tool's answers use, and tries the sound ones on samples.
    pub(super) fn answers(&mut self, own: &[OutputField], output: Option<ObjectId>, paged: Option<&str>) {
        // Where a field could not be typed, every template that names it would be complained about.
        let Some(output) = output.filter(|_| own.len() == self.tool.output.len() && !self.tool.incomplete) else {
            return;
        };
        let mark = self.typer.types.mark();
        let mut types = std::mem::take(self.typer.types);
        let effect = self.tool.effect.0;
        let field = |name: &str, ty| Field { name: name.to_owned(), ty, about: None };
        let mut added = Vec::new();
        if effect != Effect::Read {
            let changes = crate::kinds::changes(&mut types);
            added.push(field("changes", changes));
        }
        added.push(field("truncated", Type::Bool));
        if paged.is_some() {
            added.push(field("returned", Type::Int));
            added.extend(["total", "scanned"].map(|name| field(name, Type::Int.optional())));
            added.push(field("cursor", Type::String.optional()));
        }
        let samples = self.samples(own, &added, &types);
        let fields = types.object(output).fields.iter().cloned().chain(added).collect();
        let name = "output".to_owned();
        let object = types.add(ObjectType { name, fields, origin: Origin::Mapping });
        let (locals, scope, facts) = (self.typer.locals.clone(), self.typer.scope.clone(), self.typer.facts.clone());
        let mut scope = TemplateScope::new(self.shared, types, object, locals, scope, facts);
        for (outcome, text) in &self.tool.answers {
            self.reachable(*outcome, text.span);
            let mark = self.typer.sink.mark();
            check_template(text, &mut scope, self.typer.sink);
            // What a step did not give would be missing in the sample, too.
            if self.sound && sound_since(self.typer.sink, mark) {
                let samples = ended(&samples, outcome.unwrap_or(Outcome::Done));
                self.shared.sampler.look(text, &samples, self.typer.sink);
            }
        }
        let mut partials = vec![("foot.md".to_owned(), Outcome::Done)];
        if effect != Effect::Read && !self.tool.answers.iter().any(|(outcome, _)| *outcome == Some(Outcome::Planned)) {
            partials.push(("planned.md".to_owned(), Outcome::Planned));
        }
        for step in &self.tool.steps {
            if let crate::syntax::Verb::Confirm { plan, .. } = &step.verb {
                partials.push((plan.text.clone(), Outcome::Unconfirmed));
            }
        }
        scope.share();
        for (name, outcome) in partials {
            let Some(text) = self.shared.partial(&name) else { continue };
            let mark = self.typer.sink.mark();
            check_template(text, &mut scope, self.typer.sink);
            if self.sound && sound_since(self.typer.sink, mark) {
                self.shared.sampler.look_at_partial(&name, text, &ended(&samples, outcome), self.typer.sink);
            }
        }
        let (scope, types) = scope.into_parts();
        self.typer.scope.use_as(&scope);
        // What templates see is looked at and thrown away: it is no type of the program.
        *self.typer.types = types;
        self.typer.types.forget_since(mark);
    }

    /// Whether any call ends with the outcome that an answer is for.
    fn reachable(&mut self, outcome: Option<Outcome>, span: Span) {
        use crate::syntax::Verb as V;
        let steps = &self.tool.steps;
        let writes = self.tool.effect.0 != Effect::Read;
        let ends_as = |wanted: Outcome| {
            steps.iter().any(|step| matches!(step.verb, V::Stop { outcome, .. } if outcome == wanted))
        };
        let has = |test: fn(&V) -> bool| steps.iter().any(|step| test(&step.verb));
        let (word, reached) = match outcome {
            None | Some(Outcome::Done) => return,
            Some(Outcome::Unchanged) => ("unchanged", writes || ends_as(Outcome::Unchanged)),
            Some(Outcome::Planned) => ("planned", writes),
            Some(Outcome::Unconfirmed) => ("unconfirmed", has(|verb| matches!(verb, V::Confirm { .. }))),
            Some(Outcome::Partial) => {
                ("partial", ends_as(Outcome::Partial) || has(|verb| matches!(verb, V::DeleteEach { .. })))
            }
            Some(Outcome::TimedOut) => {
                ("timed_out", ends_as(Outcome::TimedOut) || has(|verb| matches!(verb, V::Wait(_))))
            }
        };
        if !reached {
            self.typer
                .sink
                .error(Code::AnswerUnreachable, span, format!("no call of this tool ends as `{word}`"))
                .help("take the answer out, or add the step that ends so");
        }
    }

    /// Names that nothing uses.
    pub(super) fn unused(&mut self, steps: &[Step]) {
        for step in steps {
            // What an edit or wait gives back is looked at by name alone; what it works on is used by it.
            if let Verb::Confirm(confirm) = &step.verb {
                self.typer.scope.mark_used(confirm.by);
            }
        }
        let is_used = |index: usize| {
            let param = &self.params[index];
            let by_meaning = matches!(param.meaning, Some(Meaning::DryRun | Meaning::Confirmation));
            by_meaning || self.typer.scope.is_used(param.local)
        };
        // Of a parameter: where it is declared in this file. Of a group: whether all of it is unused.
        let mut found: Vec<(Span, String)> = Vec::new();
        let mut grouped: Vec<usize> = Vec::new();
        for (group, name) in self.groups.iter().zip(&self.group_names) {
            grouped.extend(&group.members);
            let unused: Vec<usize> = group.members.iter().copied().filter(|index| !is_used(*index)).collect();
            if self.typer.scope.is_used(group.local) {
                continue;
            }
            if unused.len() == group.members.len() {
                found.push((name.span, format!("the group `{}` is never used", name.text)));
            } else {
                let message = |index: &usize| {
                    format!("parameter `{}` of the group `{}` is never used", self.params[*index].name, name.text)
                };
                found.extend(unused.iter().map(|index| (name.span, message(index))));
            }
        }
        for (index, name) in self.param_names.iter().enumerate() {
            if !grouped.contains(&index) && !is_used(index) {
                found.push((name.span, format!("parameter `{}` is never used", name.text)));
            }
        }
        for (span, message) in found {
            self.typer
                .sink
                .error(Code::Unused, span, message)
                .help("use it in a step or in the output, or take it out");
        }
        for binding in &self.bindings {
            if binding.own && !binding.acts && !self.typer.scope.is_used(binding.local) {
                self.typer
                    .sink
                    .error(Code::Unused, binding.name.span, format!("`{}` is never used", binding.name.text))
                    .help("use it in a later step or in the output, or take the step out");
            }
        }
    }
}

/// Whether a secret is anywhere in a type.
pub(super) fn contains_secret(types: &crate::types::Types, ty: &Type) -> bool {
    match ty {
        Type::Secret => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => contains_secret(types, inner),
        Type::Object(id) => types.object(*id).fields.iter().any(|field| contains_secret(types, &field.ty)),
        _ => false,
    }
}
