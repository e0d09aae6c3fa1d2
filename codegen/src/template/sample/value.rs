//! Samples of what templates see, made from types, and from expressions where they tell more.

use minijinja::Value;

use crate::expression::Typer;
use crate::lowered::{Bounds, Expr, ExprKind, KindFieldType, LocalKind, Param, ParamType};
use crate::types::{Type, Types};

/// Characters of a text in the output: the longest name that Kubernetes has (RFC 1123 subdomain). Longer ones
/// are shortened by the runtime, to little less than this, where the answer would not fit.
const NAME: usize = 253;

/// Characters of a parameter without a bound: more than a name or a sentence, less than a document.
const UNBOUNDED: usize = 1024;

/// A time, as Kubernetes writes it.
const TIME: &str = "2026-01-02T03:04:05Z";

/// What a sample is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything is there, at its limits; lists have one item, to which the runtime cuts them at worst.
    Full,
    /// What may be absent is absent, lists are empty, flags are off.
    Bare,
    /// Everything is there, short; lists have two items, flags are off.
    Several,
}

/// Characters of the longest text of a sample, which is far beyond the budget of an answer already.
const LONGEST: usize = 40 * super::LIMIT;

impl Kind {
    /// All of them; what is fixed comes first.
    pub const ALL: [Self; 3] = [Self::Bare, Self::Full, Self::Several];

    fn items(self) -> usize {
        match self {
            Self::Full => 1,
            Self::Bare => 0,
            Self::Several => 2,
        }
    }

    fn text(self, longest: usize) -> String {
        match self {
            Self::Full => "x".repeat(longest.min(LONGEST)),
            Self::Bare | Self::Several => "x".repeat(longest.min(4)),
        }
    }

    fn word(self, words: &[String]) -> String {
        let word = match self {
            Self::Full => words.iter().max_by_key(|word| word.len()),
            Self::Bare => words.first(),
            Self::Several => words.last(),
        };
        word.cloned().unwrap_or_default()
    }

    fn number(self, least: Option<i64>, most: Option<i64>) -> i64 {
        let wanted = match self {
            Self::Full => most.unwrap_or(1_000_000),
            Self::Bare => least.unwrap_or(0),
            Self::Several => 2,
        };
        let wanted = most.map_or(wanted, |most| wanted.min(most));
        least.map_or(wanted, |least| wanted.max(least))
    }
}

/// Makes the values of one sample.
pub struct Maker<'m, 't> {
    /// What it shows.
    pub kind: Kind,
    /// Object types.
    pub types: &'m Types,
    /// What is known of names and fields.
    pub typer: &'m Typer<'t>,
    /// The tool's parameters.
    pub params: &'m [Param],
}

impl Maker<'_, '_> {
    /// A value of a type.
    pub fn of(&self, ty: &Type) -> Value {
        match ty {
            Type::Bool => Value::from(self.kind == Kind::Full),
            Type::Int | Type::Duration => Value::from(self.kind.number(None, None)),
            Type::Float => Value::from(1.5),
            Type::String => Value::from(self.kind.text(NAME)),
            Type::Enum(words) => Value::from(self.kind.word(words)),
            Type::Quantity => Value::from("10Gi"),
            Type::Time => Value::from(TIME),
            Type::Secret | Type::Opaque => Value::UNDEFINED,
            Type::List(inner) => (0..self.kind.items()).map(|_| self.of(inner)).collect(),
            Type::Map(inner) => {
                Value::from_pairs((0..self.kind.items()).map(|at| (format!("key{at}"), self.of(inner))))
            }
            Type::Object(id) => Value::from_pairs(
                self.types.object(*id).fields.iter().map(|field| (field.name.clone(), self.of(&field.ty))),
            ),
            Type::Optional(inner) => self.maybe(|| self.of(inner)),
        }
    }

    fn maybe(&self, value: impl FnOnce() -> Value) -> Value {
        if self.kind == Kind::Bare { Value::UNDEFINED } else { value() }
    }

    /// The value of a parameter, which nothing shortens.
    pub fn param(&self, index: usize) -> Value {
        let optional = self.params.get(index).is_some_and(|param| param.value_type.is_optional());
        self.param_within(index, optional, usize::MAX)
    }

    fn param_within(&self, index: usize, optional: bool, room: usize) -> Value {
        let Some(Param { ty, bounds, .. }) = self.params.get(index) else { return Value::UNDEFINED };
        let value = || match ty {
            ParamType::Bool => self.of(&Type::Bool),
            ParamType::Int => Value::from(self.kind.number(bounds.min, bounds.max)),
            ParamType::Float => self.of(&Type::Float),
            ParamType::String => Value::from(self.kind.text(longest(bounds).min(room))),
            ParamType::Enum(words) => Value::from(self.kind.word(words)),
            ParamType::Quantity => self.of(&Type::Quantity),
            ParamType::Secret => Value::UNDEFINED,
            ParamType::StringList => {
                (0..self.kind.items()).map(|_| self.kind.text(longest(bounds).min(room))).collect()
            }
        };
        if optional { self.maybe(value) } else { value() }
    }

    /// A value that an expression may have.
    pub fn of_expr(&self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Bool(value) => Value::from(*value),
            ExprKind::Int(value) => Value::from(*value),
            ExprKind::Float(value) => Value::from(*value),
            ExprKind::String(text) => Value::from(text.as_str()),
            ExprKind::Concat(parts) => {
                Value::from(parts.iter().map(|part| self.of_expr(part).to_string()).collect::<String>())
            }
            ExprKind::List(items) => items.iter().map(|item| self.of_expr(item)).collect(),
            ExprKind::Local(local) => match self.typer.locals.get(local.0).map(|local| local.kind) {
                Some(LocalKind::Param(index)) => self.param_within(index, expr.ty.is_optional(), NAME),
                _ => self.of(&expr.ty),
            },
            ExprKind::Field { .. } => self.field(expr),
            ExprKind::Conditional { then, otherwise, .. } => {
                self.of_expr(if self.kind == Kind::Bare { otherwise } else { then })
            }
            ExprKind::IfSet { then, otherwise, .. } => {
                if self.kind == Kind::Bare {
                    self.of_expr(otherwise)
                } else {
                    self.of_expr(then)
                }
            }
            ExprKind::Default { of, fallback } => {
                if self.kind == Kind::Bare {
                    self.of_expr(fallback)
                } else {
                    self.of_expr(of)
                }
            }
            ExprKind::Widen(inner) if expr.ty.is_optional() && !inner.ty.is_optional() => {
                self.maybe(|| self.of_expr(inner))
            }
            // Fields that the wider type has beside are absent, and so are they in the value.
            ExprKind::Widen(inner) => self.of_expr(inner),
            ExprKind::Object { fields, .. } => {
                Value::from_pairs(fields.iter().map(|(name, value)| (name.clone(), self.of_expr(value))))
            }
            ExprKind::Comprehension(each) => {
                let item = || match (&each.map, &each.source.ty) {
                    (Some(map), _) => self.of_expr(map),
                    (None, Type::List(inner)) => self.of(inner),
                    _ => Value::UNDEFINED,
                };
                if each.first { self.maybe(item) } else { (0..self.kind.items()).map(|_| item()).collect() }
            }
            ExprKind::When { otherwise: Some(otherwise), .. } if self.kind == Kind::Bare => self.of_expr(otherwise),
            ExprKind::When { then, otherwise: Some(_), .. } => self.of_expr(then),
            ExprKind::When { then, .. } => match (&then.ty, self.kind) {
                (Type::List(_) | Type::Map(_), _) => self.of_expr(then),
                _ => self.maybe(|| self.of_expr(then)),
            },
            _ => self.ranged(expr),
        }
    }

    /// A field, within the bounds of its resource description.
    fn field(&self, expr: &Expr) -> Value {
        let value = || match self.typer.field_type(expr) {
            Some(KindFieldType::Int { min, max }) => Value::from(self.kind.number(*min, *max)),
            Some(KindFieldType::String { max_length: Some(max), .. }) => Value::from(self.kind.text(NAME.min(*max))),
            _ => self.of(expr.ty.required()),
        };
        if expr.ty.is_optional() { self.maybe(value) } else { value() }
    }

    fn ranged(&self, expr: &Expr) -> Value {
        if expr.ty != Type::Int {
            return self.of(&expr.ty);
        }
        let range = self.typer.range(expr);
        Value::from(self.kind.number(range.least, range.most))
    }
}

/// Characters that a parameter may have.
fn longest(bounds: &Bounds) -> usize {
    let named = bounds.format.map(|format| crate::emit::schema::format(format).1);
    let matched = bounds.pattern.as_deref().and_then(|pattern| {
        let form = regex_syntax::parse(pattern).ok()?;
        form.properties().maximum_len()
    });
    bounds.max_length.into_iter().chain(named).chain(matched).min().unwrap_or(UNBOUNDED)
}
