//! Parts of an object that have a path of their own: `status` for writing, texts for reading.

use super::Lowering;
use super::verbs::{Given, flat};
use crate::diagnostic::Code;
use crate::lowered::{Body, ExprKind, LocalKind, Patch, Read, Target, Verb};
use crate::syntax;
use crate::types::{KindId, Type};

/// Most bytes of a text that a step keeps. The runtime has the same bound.
const MOST_BYTES: i64 = 1 << 20;

impl Lowering<'_> {
    /// `patch`.
    pub(super) fn patch(&mut self, patch: &syntax::Patch, kind: KindId, target: Target) -> Option<Patch> {
        let labels = self.strings(&patch.labels);
        let annotations = self.strings(&patch.annotations);
        if let Some(place) = patch.status {
            self.has_status(kind, place)?;
            if let Some((name, _)) = patch.labels.iter().chain(&patch.annotations).next() {
                self.typer
                    .sink
                    .error(Code::Clause, name.span, "labels and annotations are not written through `status`")
                    .see(place, "the subresource")
                    .help("the API server takes nothing but `status` there: make two steps of it");
                return None;
            }
        }
        let set = patch.set.as_ref().map(|set| match patch.status {
            Some(_) => self.status_body(set, kind),
            None => self.patch_body(set, kind),
        });
        Some(Patch {
            kind,
            target,
            status: patch.status.is_some(),
            labels: labels?,
            annotations: annotations?,
            set: flat(set)?.unwrap_or(Body::Object(Vec::new())),
        })
    }

    fn has_status(&mut self, kind: KindId, place: crate::source::Span) -> Option<()> {
        let kind = self.shared.kinds.kind(kind);
        if kind.status_subresource {
            return Some(());
        }
        self.typer
            .sink
            .error(Code::Clause, place, format!("the kind `{}` has no subresource `status`", kind.kind))
            .help("say `status_subresource: true` in its description where it has one");
        None
    }

    /// `read`.
    pub(super) fn read_text(&mut self, read: &syntax::Read) -> Option<(Verb, Given)> {
        let object = self.object(&read.object);
        let max_bytes = self.typer.scalar_of(&read.max_bytes, &Type::Int);
        let object = object?;
        let kind = self.shared.kinds.kind(object.kind);
        let Some(text) = kind.texts.iter().find(|text| text.name == read.subresource.text) else {
            let message = format!("the kind `{}` has no text `{}`", kind.kind, read.subresource.text);
            self.typer
                .sink
                .error(Code::UnknownField, read.subresource.span, message)
                .suggest(&read.subresource.text, kind.texts.iter().map(|text| text.name.as_str()));
            if let Some(error) = self.typer.sink.last()
                && error.help.is_none()
            {
                error.help("texts of a kind stand in its description under `texts`");
            }
            return None;
        };
        let path = format!("{}/{}", kind.plural, text.name);
        let query: Vec<Option<_>> = read
            .query
            .iter()
            .map(|(name, value)| {
                let Some(field) = text.query.iter().find(|field| field.name == name.text) else {
                    self.typer
                        .sink
                        .error(Code::UnknownField, name.span, format!("{path} takes no `{}`", name.text))
                        .suggest(&name.text, text.query.iter().map(|field| field.name.as_str()));
                    return None;
                };
                let value = self.parameter(value, field, &format!("{path}.{}", name.text))?;
                Some((name.text.clone(), value))
            })
            .collect();
        let max_bytes = max_bytes?;
        if let ExprKind::Int(bytes) = max_bytes.kind
            && !(1..=MOST_BYTES).contains(&bytes)
        {
            self.typer.sink.error(
                Code::OutOfBounds,
                max_bytes.span,
                format!("`max_bytes` lies between 1 and {MOST_BYTES}"),
            );
            return None;
        }
        let read = Read {
            object,
            subresource: text.name.clone(),
            query: query.into_iter().collect::<Option<_>>()?,
            max_bytes,
        };
        Some((Verb::Read(read), Given { ty: Some(Type::String), kind: LocalKind::Value, acts: false }))
    }
}
