//! Bodies: what is sent to the API server, held against the kind's fields.

use super::Lowering;
use super::verbs::flat;
use crate::diagnostic::Code;
use crate::expression::camel;
use crate::load::Name;
use crate::lowered::{Body, BodyEntry, Edit, Expr, KindField, KindFieldType, LocalKind, Target};
use crate::source::Span;
use crate::syntax::{self, Value, ValueField};
use crate::types::{KindId, ObjectId, Type};

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Made as a whole: what is required must be there.
    Whole,
    /// Merged into what is there: `null` takes a field away, immutable ones stay, lists go as a whole.
    Merge,
    /// As [`Mode::Merge`], into one element of a list that is edited.
    Element,
    /// Merged into what is there, through the subresource `status`: it holds what the server sets.
    Status,
}

impl Lowering<'_> {
    /// The body of a create.
    pub(super) fn create_body(&mut self, body: Option<&Value>, kind: KindId, place: Span) -> Option<Body> {
        let empty = Value::Object(Vec::new(), place);
        self.root(body.unwrap_or(&empty), kind, Mode::Whole)
    }

    /// The body of a patch.
    pub(super) fn patch_body(&mut self, set: &Value, kind: KindId) -> Option<Body> {
        self.root(set, kind, Mode::Merge)
    }

    /// The body of a patch through the subresource `status`.
    pub(super) fn status_body(&mut self, set: &Value, kind: KindId) -> Option<Body> {
        if let Value::Object(entries, _) = set
            && let Some(other) = entries.iter().find(|entry| entry.key.text != "status")
        {
            self.typer
                .sink
                .error(Code::Clause, other.key.span, format!("`{}` is not written through `status`", other.key.text))
                .help("the API server takes nothing but `status` there: make two steps of it");
            return None;
        }
        self.root(set, kind, Mode::Status)
    }

    /// A value for a parameter of a query, held against what its description says.
    pub(super) fn parameter(&mut self, value: &syntax::Scalar, field: &KindField, path: &str) -> Option<Expr> {
        self.leaf(&Value::Scalar(value.clone()), &field.ty, path, Mode::Whole, field.required)
    }

    fn root(&mut self, value: &Value, kind: KindId, mode: Mode) -> Option<Body> {
        let kinds = self.shared.kinds;
        let kind = kinds.kind(kind);
        let Value::Object(entries, span) = value else {
            self.typer.sink.error(Code::WrongShape, value.span(), "the body of an object is written as a mapping");
            return None;
        };
        if let Some(entry) =
            entries.iter().find(|entry| matches!(entry.key.text.as_str(), "metadata" | "apiVersion" | "kind"))
        {
            self.typer
                .sink
                .error(Code::UnknownField, entry.key.span, format!("`{}` is no part of the body", entry.key.text))
                .help("the step's own clauses say it: `kind`, `name`, `labels`, `annotations`, `owner`");
            return None;
        }
        self.object_body(entries, *span, &kind.fields, &kind.kind, mode, &[])
    }

    fn object_body(
        &mut self,
        entries: &[ValueField],
        span: Span,
        fields: &[KindField],
        path: &str,
        mode: Mode,
        given: &[&str],
    ) -> Option<Body> {
        let mut found: Vec<Option<BodyEntry>> = Vec::new();
        let mut present: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
        let mut complete = true;
        for entry in entries {
            let key = &entry.key;
            if key.text == "..." {
                let spread = self.spread(&entry.value, fields, path, mode);
                if let Some(expr) = &spread
                    && let Type::Object(id) = expr.ty
                {
                    present.extend(self.typer.types.object(id).fields.iter().map(|field| field.name.clone()));
                }
                // What it would have brought is not missed too.
                complete &= spread.is_some();
                found.push(spread.map(BodyEntry::Spread));
                continue;
            }
            present.push(key.text.clone());
            let Some(field) = self.writable(key, fields, path, mode) else {
                if let Value::Object(inner, _) = &entry.value {
                    // `status: { instances: 3 }`: what is inside tells what was meant.
                    for entry in inner {
                        self.point_elsewhere(&entry.key.text, path, "what can be written is");
                    }
                }
                if let Some(error) = self.typer.sink.last()
                    && error.code == Code::ServerSet
                    && error.help.is_none()
                {
                    error.help("leave it out");
                }
                found.push(None);
                continue;
            };
            let field = field.clone();
            let inner = format!("{path}.{}", key.text);
            let body = self.field(&entry.value, &field, &inner, mode);
            found.push(body.map(|body| BodyEntry::Key(key.text.clone(), body)));
        }
        if mode == Mode::Whole && complete {
            let missing: Vec<String> = fields
                .iter()
                .filter(|field| field.required && !field.server_set && field.default.is_none())
                .filter(|field| !present.contains(&field.name))
                .map(|field| format!("`{}`", field.name))
                .collect();
            if !missing.is_empty() {
                self.typer
                    .sink
                    .error(Code::FieldMissing, span, format!("{path} lacks {}", missing.join(", ")))
                    .help("the API server refuses the object without it");
                return None;
            }
        }
        found.into_iter().collect::<Option<_>>().map(Body::Object)
    }

    /// The field of that name, where it may be written.
    fn writable<'f>(&mut self, key: &Name, fields: &'f [KindField], path: &str, mode: Mode) -> Option<&'f KindField> {
        let Some(field) = fields.iter().find(|field| field.name == key.text) else {
            self.typer
                .sink
                .error(Code::UnknownField, key.span, format!("{path} has no field `{}`", key.text))
                .label("unknown field")
                .suggest(&key.text, fields.iter().map(|field| field.name.as_str()));
            self.point_elsewhere(&key.text, path, "the field stands at");
            return None;
        };
        if field.server_set && mode != Mode::Status {
            self.typer
                .sink
                .error(Code::ServerSet, key.span, format!("`{}` is written by the server alone", key.text))
                .note("what a call sends of it is dropped, or refused");
            self.point_elsewhere(&key.text, path, "what can be written is");
            return None;
        }
        if field.immutable && mode != Mode::Whole {
            self.typer
                .sink
                .error(Code::Immutable, key.span, format!("`{}` cannot change once it is set", key.text))
                .help("leave it out, or delete the object and make it again");
            return None;
        }
        Some(field)
    }

    /// Where else the kind has a field of that name that can be written, where nothing nearer was suggested.
    fn point_elsewhere(&mut self, name: &str, path: &str, words: &str) {
        let root = path.split('.').next().unwrap_or_default();
        let Some(at) = self.shared.kinds.list.iter().position(|kind| kind.kind == root) else { return };
        if let Some(found) = self.shared.kinds.path_to(KindId(at), name, true)
            && let Some(error) = self.typer.sink.last()
            && error.help.is_none()
        {
            error.help(format!("{words} `{found}`"));
        }
    }

    fn field(&mut self, value: &Value, field: &KindField, path: &str, mode: Mode) -> Option<Body> {
        if let Value::Null(span) = value {
            if mode != Mode::Whole && !field.required {
                return Some(Body::Null);
            }
            let help = if mode == Mode::Whole { "leave the key out" } else { "the field is required" };
            self.typer.sink.error(Code::WrongShape, *span, "there is nothing to take away by `null`").help(help);
            return None;
        }
        if mode == Mode::Merge
            && let KindFieldType::List { key: Some(key), .. } = &field.ty
        {
            let list = path.split_once('.').map_or(path, |(_, list)| list);
            self.typer
                .sink
                .error(Code::ListPatched, value.span(), format!("this patch would replace all of `{list}`"))
                .note(format!(
                    "a merge patch knows no elements: what others wrote to the list since it was read would be lost, while `{key}` tells its elements apart"
                ))
                .help(format!("use `edit` with `list: {list}` and `key: {{ {key}: … }}`: it changes one element alone"));
            return None;
        }
        self.typed(value, &field.ty, path, mode, field.required && mode == Mode::Whole && field.default.is_none())
    }

    /// A value for a field or element of a type.
    fn typed(&mut self, value: &Value, ty: &KindFieldType, path: &str, mode: Mode, needed: bool) -> Option<Body> {
        match (value, ty) {
            (Value::When(pair, span), _) => {
                let (condition, then) = (&pair.0, &pair.1);
                if needed {
                    self.typer
                        .sink
                        .error(Code::FieldMissing, *span, format!("{path} is required, and would be missing at times"))
                        .help("give it a value whatever holds: `{{ … if … else … }}`");
                    return None;
                }
                let condition = self.typer.scalar_condition(condition);
                let then = self.typed(then, ty, path, mode, false);
                Some(Body::When(condition?, Box::new(then?)))
            }
            (Value::Object(entries, span), KindFieldType::Object { fields, .. }) => {
                self.object_body(entries, *span, fields, path, mode, &[])
            }
            (Value::Object(entries, _), KindFieldType::Map(inner)) => {
                let found: Vec<Option<BodyEntry>> = entries
                    .iter()
                    .map(|entry| {
                        let path = format!("{path}.{}", entry.key.text);
                        let body = match &entry.value {
                            Value::Null(_) if mode != Mode::Whole => Some(Body::Null),
                            other => self.typed(other, inner, &path, mode, false),
                        };
                        body.map(|body| BodyEntry::Key(entry.key.text.clone(), body))
                    })
                    .collect();
                found.into_iter().collect::<Option<_>>().map(Body::Object)
            }
            (Value::Object(entries, _), KindFieldType::Opaque) => {
                let found: Vec<Option<BodyEntry>> = entries
                    .iter()
                    .map(|entry| {
                        self.typed(&entry.value, ty, path, mode, false)
                            .map(|body| BodyEntry::Key(entry.key.text.clone(), body))
                    })
                    .collect();
                found.into_iter().collect::<Option<_>>().map(Body::Object)
            }
            (Value::List(items, _), KindFieldType::List { items: inner, .. }) => {
                // A merge patch replaces lists as a whole.
                let found: Vec<Option<Body>> =
                    items.iter().map(|item| self.typed(item, inner, path, Mode::Whole, true)).collect();
                found.into_iter().collect::<Option<_>>().map(Body::List)
            }
            (Value::Object(_, span) | Value::List(_, span), _) => {
                let wants = crate::expression::describe(self.typer.types, &crate::kinds::type_of(ty));
                self.typer.sink.error(Code::TypeMismatch, *span, format!("{path} takes {wants}"));
                None
            }
            _ => self.leaf(value, ty, path, mode, needed).map(Body::Value),
        }
    }

    fn leaf(&mut self, value: &Value, ty: &KindFieldType, path: &str, mode: Mode, needed: bool) -> Option<Expr> {
        let wanted = crate::kinds::type_of(ty);
        let hint = camel(path);
        let expr = self.typer.value(value, &hint, Some(&wanted))?;
        if *ty == KindFieldType::Opaque {
            if super::output::contains_secret(self.typer.types, &expr.ty) {
                self.typer.leak(expr.span);
                return None;
            }
            return Some(expr);
        }
        if let KindFieldType::Object { fields, .. } = ty {
            self.object_may_go(&expr, fields, path, mode != Mode::Whole)?;
        }
        // A field marked secret takes plain text too.
        let fits_secret =
            wanted == Type::Secret && matches!(expr.ty.required(), Type::String | Type::Enum(_) | Type::Secret);
        if !fits_secret {
            let accepted = if needed { wanted.clone() } else { wanted.clone().optional() };
            if expr.ty == wanted || expr.ty == wanted.clone().optional() {
                if needed && expr.ty.is_optional() {
                    self.typer.maybe_absent(&expr);
                    return None;
                }
            } else {
                let accepted = if expr.ty.is_optional() { accepted } else { wanted };
                let expr = self.typer.coerce(expr, &accepted)?;
                return self.in_bounds(expr, ty);
            }
        } else if needed && expr.ty.is_optional() {
            self.typer.maybe_absent(&expr);
            return None;
        }
        self.in_bounds(expr, ty)
    }

    /// `...: x`: every field of an object that is set.
    fn spread(&mut self, value: &Value, fields: &[KindField], path: &str, mode: Mode) -> Option<Expr> {
        let Value::Scalar(scalar) = value else {
            self.typer.sink.error(Code::WrongShape, value.span(), "`...` takes in an object that an expression names");
            return None;
        };
        let expr = self.typer.scalar(scalar, None)?;
        let Type::Object(id) = expr.ty else {
            let has = crate::expression::describe(self.typer.types, &expr.ty);
            self.typer
                .sink
                .error(Code::TypeMismatch, expr.span, format!("`...` takes in an object, not {has}"))
                .help("name a group of parameters that `spread` takes in");
            return None;
        };
        for member in self.typer.types.object(id).fields.clone() {
            let fits = fields.iter().find(|field| field.name == member.name).map(|field| {
                let wanted = crate::kinds::type_of(&field.ty).optional();
                !field.server_set && self.typer.fits(&member.ty, &wanted)
            });
            if fits != Some(true) {
                let message = if fits.is_none() {
                    format!("{path} has no field `{}`, which this object has", member.name)
                } else {
                    format!("`{}` of this object does not fit the field of {path}", member.name)
                };
                self.typer.sink.error(Code::UnknownField, expr.span, message);
                return None;
            }
            let needed = fields.iter().any(|field| {
                field.name == member.name && field.required && field.default.is_none() && mode == Mode::Whole
            });
            if needed && member.ty.is_optional() {
                let name = &member.name;
                self.typer
                    .sink
                    .error(Code::FieldMissing, expr.span, format!("{path} lacks `{name}` where this object has none"))
                    .note(format!("`{name}` is required there, and may be absent in the object"))
                    .help(format!("make `{name}` required in the group, or give it a default"));
                return None;
            }
        }
        self.object_may_go(&expr, fields, path, mode != Mode::Whole)?;
        Some(expr)
    }

    /// `edit`: one element of a list.
    pub(super) fn edit(&mut self, edit: &syntax::Edit, kind: KindId, target: Target) -> Option<Edit> {
        let (path, element, fields, key_field) = self.edited_list(&edit.list, kind)?;
        let key = self.edit_key(edit, &fields, &key_field);
        if edit.put.is_some() == (edit.set.is_some() || !edit.remove.is_empty()) {
            let span = edit.list.span;
            let error = self.typer.sink.error(Code::Clause, span, "an edit says either `put`, or `set` and `remove`");
            error.help("`put` replaces the element, `set` changes some of its fields, `remove` takes fields away");
            return None;
        }
        let mark = self.typer.scope.mark();
        let ty = Type::Object(element).optional();
        let before = self.typer.local("before", ty.clone(), LocalKind::Before);
        self.typer.shadows("before", edit.list.span);
        self.typer.scope.declare("before", before, Some(ty));
        let require = edit.require.as_ref().map(|require| self.require(require));
        let name = edit.list.text.as_str();
        let put = edit.put.as_ref().map(|put| self.element(put, &fields, name, Mode::Whole, &key_field));
        let set = edit.set.as_ref().map(|set| self.element(set, &fields, name, Mode::Element, &key_field));
        self.typer.scope.reset(mark);
        let mut removed = Some(());
        for name in &edit.remove {
            match self.writable(name, &fields, &edit.list.text, Mode::Element) {
                Some(field) if field.required => {
                    let message = format!("`{}` is required, so it cannot be taken away", name.text);
                    self.typer.sink.error(Code::FieldMissing, name.span, message);
                    removed = None;
                }
                Some(_) => {}
                None => removed = None,
            }
        }
        removed?;
        Some(Edit {
            kind,
            target,
            list: path,
            element,
            key: key?,
            before,
            require: flat(require)?,
            put: flat(put)?,
            set: flat(set)?,
            remove: edit.remove.iter().map(|name| name.text.clone()).collect(),
        })
    }

    fn element(&mut self, value: &Value, fields: &[KindField], path: &str, mode: Mode, key: &str) -> Option<Body> {
        let Value::Object(entries, span) = value else {
            self.typer.sink.error(Code::WrongShape, value.span(), "an element is written as a mapping");
            return None;
        };
        self.object_body(entries, *span, fields, path, mode, &[key])
    }

    /// Follows the path of a list that can be edited.
    fn edited_list(&mut self, list: &Name, kind: KindId) -> Option<(Vec<String>, ObjectId, Vec<KindField>, String)> {
        let kinds = self.shared.kinds;
        let mut fields: &[KindField] = &kinds.kind(kind).fields;
        let path: Vec<String> = list.text.split('.').map(str::to_owned).collect();
        for (index, part) in path.iter().enumerate() {
            let Some(field) = fields.iter().find(|field| field.name == *part) else {
                let before = if index == 0 { kinds.kind(kind).kind.clone() } else { path[..index].join(".") };
                self.typer
                    .sink
                    .error(Code::EditTarget, list.span, format!("{before} has no field `{part}`"))
                    .suggest(part, fields.iter().map(|field| field.name.as_str()));
                return None;
            };
            match (&field.ty, index + 1 == path.len()) {
                (KindFieldType::Object { fields: inner, .. }, false) => fields = inner,
                (KindFieldType::List { items, key: Some(key) }, true) if !field.server_set => {
                    if let KindFieldType::Object { object, fields } = &**items {
                        return Some((path.clone(), *object, fields.clone(), key.clone()));
                    }
                }
                _ => {}
            }
        }
        self.typer
            .sink
            .error(Code::EditTarget, list.span, format!("`{}` is no list whose elements can be edited", list.text))
            .help("an edit names a list of objects with a `key` in the resource description");
        None
    }

    fn edit_key(&mut self, edit: &syntax::Edit, fields: &[KindField], key: &str) -> Option<Vec<(String, Expr)>> {
        if edit.key.len() != 1 || edit.key[0].0.text != key {
            self.typer
                .sink
                .error(
                    Code::EditTarget,
                    edit.key_span,
                    format!("the elements of `{}` are found by `{key}`", edit.list.text),
                )
                .help(format!("write `key: {{ {key}: \"{{{{ … }}}}\" }}`"));
            return None;
        }
        let (name, value) = &edit.key[0];
        let ty = fields
            .iter()
            .find(|field| field.name == key)
            .map_or(Type::String, |field| crate::kinds::type_of(&field.ty));
        self.typer.scalar_of(value, &ty).map(|value| vec![(name.text.clone(), value)])
    }
}
