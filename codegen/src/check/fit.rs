//! Whether a value fits the field that it is sent to, beyond its type: bounds, patterns, who may write it.

use super::Lowering;
use crate::diagnostic::Code;
use crate::lowered::{Expr, ExprKind, KindField, KindFieldType};
use crate::source::Span;
use crate::types::{ObjectId, Type};

impl Lowering<'_> {
    /// Holds a value to the bounds of its field: what is known to be refused is an error, what may be a warning.
    pub(super) fn in_bounds(&mut self, expr: Expr, ty: &KindFieldType) -> Option<Expr> {
        match ty {
            KindFieldType::Int { min, max } => self.number_in_bounds(expr, *min, *max),
            KindFieldType::String { pattern, max_length } => self.text_in_bounds(expr, pattern.as_deref(), *max_length),
            _ => Some(expr),
        }
    }

    fn number_in_bounds(&mut self, expr: Expr, min: Option<i64>, max: Option<i64>) -> Option<Expr> {
        let range = self.typer.range(&expr);
        let low =
            min.zip(range.most).filter(|(min, most)| most < min).map(|(min, most)| format!("{most} is below {min}"));
        let high = max
            .zip(range.least)
            .filter(|(max, least)| least > max)
            .map(|(max, least)| format!("{least} is above {max}"));
        if let Some(reason) = low.or(high) {
            self.refused(expr.span, &reason);
            if range.least != range.most
                && let Some(error) = self.typer.sink.last()
            {
                error.note("it is so whatever the parameters are, within their bounds");
            }
            return None;
        }
        // Of values that the API server gave nothing is asked again; a parameter takes what a caller passes.
        if self.typer.param_bounds(&expr).is_none() {
            return Some(expr);
        }
        let below = min.filter(|min| range.least.is_none_or(|least| least < *min));
        let above = max.filter(|max| range.most.is_none_or(|most| most > *max));
        let wanted = match (below, above) {
            (Some(min), Some(max)) => format!("`min: {min}` and `max: {max}`"),
            (Some(min), None) => format!("`min: {min}`"),
            (None, Some(max)) => format!("`max: {max}`"),
            (None, None) => return Some(expr),
        };
        self.may_be_refused(expr.span, &wanted);
        Some(expr)
    }

    fn text_in_bounds(&mut self, expr: Expr, pattern: Option<&str>, max_length: Option<usize>) -> Option<Expr> {
        if let ExprKind::String(text) = &expr.kind {
            let long = max_length.filter(|max| text.chars().count() > *max);
            let foreign = pattern
                .filter(|pattern| regex::Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text)))
                .map(|pattern| format!("`{text}` does not match `{pattern}`"));
            if let Some(reason) = long.map(|max| format!("`{text}` has more than {max} characters")).or(foreign) {
                self.refused(expr.span, &reason);
                return None;
            }
        } else if *expr.ty.required() == Type::String
            && let (Some(bounds), Some(max)) = (self.typer.param_bounds(&expr), max_length)
        {
            let named = bounds.format.map(|format| crate::emit::schema::format(format).1);
            let longest = bounds.max_length.into_iter().chain(named).min();
            if longest.is_none_or(|longest| longest > max) {
                self.may_be_refused(expr.span, &format!("`max_length: {max}`"));
            }
        }
        Some(expr)
    }

    fn refused(&mut self, span: Span, reason: &str) {
        self.typer.sink.error(Code::OutOfBounds, span, format!("the API server refuses this value: {reason}"));
    }

    fn may_be_refused(&mut self, span: Span, wanted: &str) {
        self.typer
            .sink
            .warning(Code::OutOfBounds, span, "the API server refuses some values of this parameter")
            .note("the field takes less than the parameter does, so a caller learns of it late")
            .help(format!("give the parameter {wanted}"));
    }

    /// Whether a whole object may be sent to a field: none of its own fields is the server's, or fixed.
    pub(super) fn object_may_go(&mut self, expr: &Expr, fields: &[KindField], path: &str, merged: bool) -> Option<()> {
        let Type::Object(id) = *expr.ty.required() else { return Some(()) };
        let Some((name, why)) = self.first_held(id, fields, merged) else { return Some(()) };
        let code = if why == FIXED { Code::Immutable } else { Code::ServerSet };
        self.typer
            .sink
            .error(code, expr.span, format!("this object brings `{name}` of {path} along, which {why}"))
            .help("name the fields to be written one by one");
        None
    }

    /// The first field of an object that may not be written, and why.
    fn first_held(&self, id: ObjectId, fields: &[KindField], merged: bool) -> Option<(String, &'static str)> {
        fields.iter().find_map(|field| {
            let brought = self.typer.types.object(id).field(&field.name)?;
            if field.server_set {
                return Some((field.name.clone(), "the server alone writes"));
            }
            if field.immutable && merged {
                return Some((field.name.clone(), FIXED));
            }
            let (KindFieldType::Object { fields, .. }, Type::Object(inner)) = (&field.ty, brought.ty.required()) else {
                return None;
            };
            let (name, why) = self.first_held(*inner, fields, merged)?;
            Some((format!("{}.{name}", field.name), why))
        })
    }
}

/// Why a field may not be in a patch.
const FIXED: &str = "cannot change once it is set";
