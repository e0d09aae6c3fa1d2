//! Literals, scalars, objects and comprehensions.

use super::coerce::printable;
use super::describe;
use super::parse::parse_parts;
use super::presence::when_of;
use super::tree::{Part, Tree};
use super::typing::Typer;
use crate::diagnostic::Code;
use crate::lowered::{Comprehension, Expr, ExprKind, LocalId, LocalKind, Newest, Paging};
use crate::source::Span;
use crate::syntax::{Each, Page, Scalar, ScalarKind, Value};
use crate::types::{Field, Type};

impl Typer<'_> {
    /// A text that is written out. It takes the type that is wanted, where its words fit there.
    pub(super) fn text_literal(&mut self, text: &str, span: Span, wanted: Option<&Type>) -> Option<Expr> {
        let make = |ty| Some(Expr { kind: ExprKind::String(text.to_owned()), ty, span });
        match wanted.map(Type::required) {
            Some(Type::Enum(words)) => {
                if words.iter().any(|word| word == text) {
                    return make(Type::Enum(words.clone()));
                }
                self.sink
                    .error(Code::NotInEnum, span, format!("`{text}` is not one of the words possible here"))
                    .label("unknown word")
                    .suggest(text, words.iter().map(String::as_str));
                None
            }
            Some(Type::Quantity) => {
                if literal_fits_quantity(text) {
                    return make(Type::Quantity);
                }
                self.sink
                    .error(Code::OutOfBounds, span, format!("`{text}` is not a Kubernetes quantity"))
                    .help("quantities are numbers with a unit, as `10Gi` or `500m`");
                None
            }
            _ => make(Type::String),
        }
    }

    /// `[a, b]`.
    pub(super) fn list_literal(&mut self, items: &[Tree], span: Span, wanted: Option<&Type>) -> Option<Expr> {
        let typed: Vec<Option<Expr>> = items.iter().map(|item| self.infer(item, wanted)).collect();
        let typed: Vec<Expr> = typed.into_iter().collect::<Option<_>>()?;
        self.list_of(typed, span, wanted)
    }

    fn list_of(&mut self, items: Vec<Expr>, span: Span, wanted: Option<&Type>) -> Option<Expr> {
        let mut element = wanted.cloned();
        for item in &items {
            if item.ty.is_optional() {
                self.maybe_absent(item);
                return None;
            }
            element = match element {
                None => Some(item.ty.clone()),
                Some(so_far) => {
                    let Some(common) = self.common(&so_far, &item.ty) else {
                        let (has, other) = (describe(self.types, &item.ty), describe(self.types, &so_far));
                        self.sink.error(
                            Code::TypeMismatch,
                            item.span,
                            format!("the elements of the list are {other}, this one is {has}"),
                        );
                        return None;
                    };
                    Some(common)
                }
            };
        }
        let element = element.unwrap_or(Type::String);
        let items: Vec<Option<Expr>> = items.into_iter().map(|item| self.coerce(item, &element)).collect();
        let items = items.into_iter().collect::<Option<_>>()?;
        Some(Expr { kind: ExprKind::List(items), ty: Type::List(Box::new(element)), span })
    }

    /// A part of text: printable, there, and not secret.
    pub fn text_part(&mut self, expr: Expr) -> Option<Expr> {
        if *expr.ty.required() == Type::Secret {
            self.leak(expr.span);
        } else if expr.ty.is_optional() && printable(expr.ty.required()) {
            self.maybe_absent(&expr);
        } else if printable(&expr.ty) {
            return Some(expr);
        } else {
            let has = describe(self.types, &expr.ty);
            let error = self.sink.error(Code::NotPrintable, expr.span, format!("{has} has no form as text"));
            match expr.ty.required() {
                Type::List(_) => error.help("join its elements by `| join(', ')`, or go through them"),
                Type::Object(_) => error.help("name one of its fields"),
                _ => error.help("choose a part of it"),
            };
        }
        None
    }

    /// A scalar of a mapping: a literal, one whole expression, or text with expressions in it.
    pub fn scalar(&mut self, scalar: &Scalar, wanted: Option<&Type>) -> Option<Expr> {
        let span = scalar.span;
        let literal = |kind, ty| Some(Expr { kind, ty, span });
        let text = match &scalar.kind {
            ScalarKind::Bool(value) => return literal(ExprKind::Bool(*value), Type::Bool),
            ScalarKind::Int(value) => return literal(ExprKind::Int(*value), Type::Int),
            ScalarKind::Float(value) => return literal(ExprKind::Float(*value), Type::Float),
            ScalarKind::Text(text) => text,
        };
        let mut parts = parse_parts(text, self.sink)?;
        if parts.iter().any(|part| matches!(part, Part::Expr(_))) && parts.len() > 1 {
            // White space around one expression (folded blocks) is not text.
            let blank = |part: &Part| matches!(part, Part::Text(text, _) if text.trim().is_empty());
            if parts.iter().filter(|part| !blank(part)).count() == 1 {
                parts.retain(|part| !blank(part));
            }
        }
        for part in &parts {
            if let Part::Text(_, found) = part {
                self.foreign(found);
            }
        }
        match parts.as_slice() {
            [Part::Expr(tree)] => self.infer(tree, wanted),
            [] => self.text_literal("", span, wanted),
            [Part::Text(whole, _)] => self.text_literal(whole, span, wanted),
            parts => {
                let mut found = Vec::new();
                for part in parts {
                    found.push(match part {
                        Part::Text(text, _) => {
                            Some(Expr { kind: ExprKind::String(text.clone()), ty: Type::String, span })
                        }
                        Part::Expr(tree) => self.infer(tree, None).and_then(|expr| self.text_part(expr)),
                    });
                }
                let found = found.into_iter().collect::<Option<_>>()?;
                Some(Expr { kind: ExprKind::Concat(found), ty: Type::String, span })
            }
        }
    }

    /// A scalar of a wanted type.
    pub fn scalar_of(&mut self, scalar: &Scalar, wanted: &Type) -> Option<Expr> {
        let expr = self.scalar(scalar, Some(wanted))?;
        self.coerce(expr, wanted)
    }

    /// A condition in a mapping. A text without `{{ }}` is no condition.
    pub fn scalar_condition(&mut self, scalar: &Scalar) -> Option<Expr> {
        match self.whole_expression(scalar)? {
            Ok(expr) => {
                if let ExprKind::Bool(value) = expr.kind {
                    self.written_out(value, expr.span);
                }
                Some(expr)
            }
            Err(tree) => self.condition(&tree),
        }
    }

    /// As [`Typer::scalar_condition`], where a plain `true` or `false` makes sense.
    pub fn scalar_bool(&mut self, scalar: &Scalar) -> Option<Expr> {
        match self.whole_expression(scalar)? {
            Ok(expr) => Some(expr),
            Err(tree) => self.bool(&tree),
        }
    }

    /// The tree of a scalar that is one whole expression, or its literal bool.
    pub fn whole_expression(&mut self, scalar: &Scalar) -> Option<Result<Expr, Tree>> {
        match &scalar.kind {
            ScalarKind::Bool(value) => {
                return Some(Ok(Expr { kind: ExprKind::Bool(*value), ty: Type::Bool, span: scalar.span }));
            }
            ScalarKind::Text(text) => {
                let parts = parse_parts(text, self.sink)?;
                let mut trees = Vec::new();
                let mut words = false;
                for part in parts {
                    match part {
                        Part::Text(text, _) => words |= !text.trim().is_empty(),
                        Part::Expr(tree) => trees.push(tree),
                    }
                }
                if !words && trees.len() == 1 {
                    return trees.pop().map(Err);
                }
            }
            _ => {}
        }
        self.sink
            .error(Code::NotBool, scalar.span, "a condition must be one whole expression")
            .help("write it as \"{{ … }}\" with nothing around it");
        None
    }

    /// A value of `output`, `as` or `be`. `hint` becomes the name of the type of an object.
    pub fn value(&mut self, value: &Value, hint: &str, wanted: Option<&Type>) -> Option<Expr> {
        match value {
            Value::Scalar(scalar) => self.scalar(scalar, wanted),
            Value::Null(span) => {
                self.sink
                    .error(Code::WrongShape, *span, "there is no value here")
                    .help("leave the key out, or give it a value");
                None
            }
            Value::List(items, span) => {
                let typed: Vec<Option<Expr>> = items.iter().map(|item| self.value(item, hint, None)).collect();
                let typed: Vec<Expr> = typed.into_iter().collect::<Option<_>>()?;
                self.list_of(typed, *span, None)
            }
            Value::Each(each) => self.comprehension(each, hint).map(|(expr, _)| expr),
            Value::When(parts, span) => {
                let (condition, then) = &**parts;
                self.when(condition, |typer| typer.value(then, hint, wanted), *span)
            }
            Value::Object(entries, span) => {
                let mut fields = Vec::new();
                for entry in entries {
                    let name = &entry.key.text;
                    if !crate::syntax::is_name(name) {
                        self.sink
                            .error(Code::BadName, entry.key.span, format!("`{name}` cannot be the name of a field"))
                            .help("a field has lowercase letters, digits and `_`, and begins with a letter");
                        fields.push(None);
                        continue;
                    }
                    let inner = format!("{hint}{}", camel(name));
                    fields.push(self.value(&entry.value, &inner, None).map(|value| (name.clone(), value)));
                }
                let fields: Vec<(String, Expr)> = fields.into_iter().collect::<Option<_>>()?;
                let shape = fields
                    .iter()
                    .map(|(name, value)| Field { name: name.clone(), ty: value.ty.clone(), about: None })
                    .collect();
                let object = self.types.mapping(hint, shape);
                let about = entries
                    .iter()
                    .filter_map(|entry| Some((entry.key.text.clone(), entry.about.as_ref()?.text.clone())))
                    .collect();
                Some(Expr { kind: ExprKind::Object { object, fields, about }, ty: Type::Object(object), span: *span })
            }
        }
    }

    /// A comprehension, and whether it takes a page.
    pub fn comprehension(&mut self, each: &Each, hint: &str) -> Option<(Expr, bool)> {
        let source = self.scalar(&each.source, None);
        let element = source.as_ref().and_then(|source| self.element_of(source));
        let mark = self.scope.mark();
        if let Some(called) = each.called.as_ref().filter(|called| called.text != "item") {
            self.shadows(&called.text, called.span);
        }
        let name = each.called.as_ref().map_or("item", |name| name.text.as_str());
        let item = self.local(name, element.clone().unwrap_or(Type::Bool), LocalKind::Item);
        self.scope.declare(name, item, element.clone());
        let mut sound = true;
        let keep = each.keep.as_ref().map(|keep| self.scalar_condition(keep));
        // `first: true` is the first of all.
        let first = each.first.as_ref().map(|first| self.scalar_bool(first));
        if let (Some(_), Some(first)) = (&each.keep, &each.first) {
            self.sink
                .error(Code::Clause, first.span, "`first` has its own condition, so there is no `keep` beside it")
                .help("join the two conditions by `and`");
            sound = false;
        }
        if let (Some(page), true) = (&each.page, each.first.is_some() || each.newest.is_some()) {
            self.sink
                .error(Code::Clause, page.span, "`page` and `first` or `newest` exclude each other")
                .help("a page has all elements in turn");
            sound = false;
        }
        let newest = each.newest.as_ref().map(|newest| self.newest(newest, item));
        let by = each.page.as_ref().and_then(|page| page.by.as_ref()).map(|by| self.scalar_of(by, &Type::String));
        // What the condition says is set is so in what becomes of an element.
        let subjects = each.keep.as_ref().or(each.first.as_ref()).map(|kept| self.said_set(kept)).unwrap_or_default();
        let doubtful = matches!(keep, Some(None)) || matches!(first, Some(None));
        let (map, mut set) = self.doubting(doubtful, |typer| {
            typer.narrowing_all(&subjects, |typer| each.map.as_ref().map(|map| typer.value(map, hint, None)))
        });
        set.retain(|(_, bound)| self.scope.is_used(*bound));
        self.scope.reset(mark);
        let page = each.page.as_ref().map(|page| self.page(page, by.clone().flatten(), true));
        let (source, element) = (source?, element?);
        let is_first = each.first.is_some();
        let map = all(map)?;
        let made = map.as_ref().map_or(element, |map| map.ty.clone());
        if made.is_optional() && !is_first {
            if let Some(map) = &map {
                self.maybe_absent(map);
            }
            return None;
        }
        let (mut keep, first, newest, page) = (all(keep)?, all(first)?, all(newest)?, all(page)?);
        let asked_alone = keep.as_ref().is_some_and(|keep| matches!(keep.kind, ExprKind::IsSet(_)));
        if asked_alone && !set.is_empty() && newest.is_none() && page.is_none() {
            // Going on with the value is asking for it.
            keep = None;
        }
        let map = map.map(|map| {
            let span = map.span;
            if set.is_empty() { map } else { when_of(set, None, map, span) }
        });
        all(by)?;
        if !sound {
            return None;
        }
        let ty = if is_first { made.optional() } else { Type::List(Box::new(made)) };
        let paged = page.is_some();
        let comprehension = Comprehension { source, item, keep: keep.or(first), first: is_first, map, newest, page };
        Some((Expr { kind: ExprKind::Comprehension(Box::new(comprehension)), ty, span: each.span }, paged))
    }

    fn element_of(&mut self, source: &Expr) -> Option<Type> {
        if let Type::List(inner) = &source.ty {
            return Some((**inner).clone());
        }
        let has = describe(self.types, &source.ty);
        let error = self.sink.error(Code::TypeMismatch, source.span, format!("`each` goes through a list, not {has}"));
        error.label(format!("this is {has}"));
        match &source.ty {
            Type::Map(_) => error.help("go through its entries: `| entries` gives `key` and `value`"),
            Type::Object(_) => error.help("name one of its lists"),
            _ => error,
        };
        None
    }

    /// `newest: { count, by }`, seen from an element.
    pub fn newest(&mut self, newest: &crate::syntax::Newest, item: LocalId) -> Option<Newest> {
        let count = self.scalar_of(&newest.count, &Type::Int);
        if let Some(count) = &count
            && self.range(count).most.is_some_and(|most| most <= 0)
        {
            self.sink
                .error(Code::NeverFilled, count.span, "the list is always empty: it keeps none of the newest")
                .note("`count` says how many stay")
                .help("say a number above 0");
        }
        let by = self.scalar_of(&newest.by, &Type::Time.optional());
        Some(Newest { count: count?, by: by?, item })
    }

    /// `page`: the group that has the two parameters.
    pub fn page(&mut self, page: &Page, by: Option<Expr>, needs_by: bool) -> Option<Paging> {
        let of = self.scalar(&page.of, None)?;
        let group = match &of.kind {
            ExprKind::Local(local) => match self.locals[local.0].kind {
                LocalKind::Group(_) => Some(*local),
                _ => None,
            },
            _ => None,
        };
        let members = group.map(|group| self.scope.paging_of(group));
        let Some(Some((limit, cursor))) = members else {
            self.sink
                .error(Code::Paging, page.of.span, "`page` needs a group with a `limit` and a `cursor` parameter")
                .help("take in the shared group by `page: { spread: page }`, and write `page: \"{{ page }}\"`");
            return None;
        };
        if needs_by && by.is_none() && page.by.is_none() {
            self.sink
                .error(Code::Paging, page.span, "a page of a list inside an object needs the name to order by")
                .help("write `page: { of: \"{{ page }}\", by: \"{{ item.name }}\" }`");
            return None;
        }
        if let (false, Some(by)) = (needs_by, &page.by) {
            self.sink
                .error(Code::Paging, by.span, "a page of a `list` has the API server's own order")
                .help("leave `by` out: `page: \"{{ page }}\"`");
            return None;
        }
        self.scope.mark_used(limit);
        self.scope.mark_used(cursor);
        Some(Paging { limit, cursor, by })
    }
}

/// `None` where a part that is there was wrong.
#[allow(clippy::option_option)]
fn all<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

/// `some_name` or `some.name` as `SomeName`.
#[must_use]
pub fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut up = true;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            up = true;
        } else if up {
            out.extend(c.to_uppercase());
            up = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a text is a Kubernetes quantity (`resource.Quantity`: sign, digits, fraction, suffix or exponent).
#[must_use]
pub fn literal_fits_quantity(text: &str) -> bool {
    regex::Regex::new(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$")
        .is_ok_and(|pattern| pattern.is_match(text))
}
