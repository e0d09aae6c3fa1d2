//! What is known of a number or a text before any call: bounds of parameters and of fields, carried through
//! arithmetic.

use super::typing::Typer;
use crate::lowered::{BinaryOp, Bounds, Expr, ExprKind, KindFieldType, LocalKind, UnaryOp};
use crate::types::Type;

/// The least and the greatest value of a whole number, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// It is never less.
    pub least: Option<i64>,
    /// It is never more.
    pub most: Option<i64>,
}

impl Range {
    /// Nothing is known.
    pub const ANY: Self = Self { least: None, most: None };

    /// One value alone.
    #[must_use]
    pub fn only(value: i64) -> Self {
        Self { least: Some(value), most: Some(value) }
    }

    /// From a value on.
    fn from(least: i64) -> Self {
        Self { least: Some(least), most: None }
    }

    /// Values of either.
    fn or(self, other: Self) -> Self {
        let both = |a: Option<i64>, b: Option<i64>, pick: fn(i64, i64) -> i64| a.zip(b).map(|(a, b)| pick(a, b));
        Self { least: both(self.least, other.least, i64::min), most: both(self.most, other.most, i64::max) }
    }

    fn negated(self) -> Self {
        Self { least: self.most.and_then(i64::checked_neg), most: self.least.and_then(i64::checked_neg) }
    }

    fn plus(self, other: Self) -> Self {
        let add = |a: Option<i64>, b: Option<i64>| a.zip(b).and_then(|(a, b)| a.checked_add(b));
        Self { least: add(self.least, other.least), most: add(self.most, other.most) }
    }

    fn times(self, other: Self) -> Self {
        let ends = |range: Self| range.least.zip(range.most);
        let (Some((a, b)), Some((c, d))) = (ends(self), ends(other)) else {
            // Of two that are not negative the product grows with both.
            let least = self.least.zip(other.least).filter(|(a, b)| *a >= 0 && *b >= 0);
            return Self { least: least.and_then(|(a, b)| a.checked_mul(b)), most: None };
        };
        let products = [a.checked_mul(c), a.checked_mul(d), b.checked_mul(c), b.checked_mul(d)];
        let products: Option<Vec<i64>> = products.into_iter().collect();
        products.map_or(Self::ANY, |all| Self { least: all.iter().min().copied(), most: all.iter().max().copied() })
    }
}

impl Typer<'_> {
    /// What is known of a whole number, where it is there.
    pub fn range(&self, expr: &Expr) -> Range {
        if *expr.ty.required() != Type::Int {
            return Range::ANY;
        }
        match &expr.kind {
            ExprKind::Int(value) => Range::only(*value),
            ExprKind::Local(local) => match self.param_bounds(expr) {
                Some(bounds) => Range { least: bounds.min, most: bounds.max },
                None => self.facts.named.get(local).copied().unwrap_or(Range::ANY),
            },
            ExprKind::Field { .. } => match self.field_type(expr) {
                Some(KindFieldType::Int { min, max }) => Range { least: *min, most: *max },
                _ => Range::ANY,
            },
            ExprKind::Unary(UnaryOp::Neg, inner) => self.range(inner).negated(),
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.range(left), self.range(right));
                match op {
                    BinaryOp::Add => left.plus(right),
                    BinaryOp::Sub => left.plus(right.negated()),
                    BinaryOp::Mul => left.times(right),
                    // `%` rounds down: what is left of a division by a positive number is not negative.
                    BinaryOp::Rem => match right.least.zip(right.most) {
                        Some((least, most)) if least > 0 => Range { least: Some(0), most: Some(most - 1) },
                        _ => Range::ANY,
                    },
                    _ => Range::ANY,
                }
            }
            ExprKind::Conditional { then, otherwise, .. } | ExprKind::IfSet { then, otherwise, .. } => {
                self.range(then).or(self.range(otherwise))
            }
            ExprKind::Default { of, fallback } => self.range(of).or(self.range(fallback)),
            ExprKind::When { then, otherwise: Some(otherwise), .. } => self.range(then).or(self.range(otherwise)),
            ExprKind::Widen(inner) => self.range(inner),
            ExprKind::Call { function: "length" | "abs", .. } => Range::from(0),
            _ => Range::ANY,
        }
    }

    /// Why a value is never this text; `None` where it may be.
    pub fn excludes(&self, expr: &Expr, text: &str) -> Option<String> {
        match &expr.kind {
            ExprKind::Widen(inner) => self.excludes(inner, text),
            ExprKind::Local(_) if *expr.ty.required() == Type::String => {
                crate::check::text_fits(text, self.param_bounds(expr)?).err()
            }
            ExprKind::Field { .. } => match self.field_type(expr)? {
                KindFieldType::String { max_length: Some(max), .. } if text.chars().count() > *max => {
                    Some(format!("`{text}` has more than {max} characters"))
                }
                KindFieldType::String { pattern: Some(pattern), .. } => {
                    let foreign = regex::Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text));
                    foreign.then(|| format!("`{text}` does not match `{pattern}`"))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The bounds of the parameter that an expression names, where they may be spoken of.
    pub fn param_bounds(&self, expr: &Expr) -> Option<&Bounds> {
        let ExprKind::Local(local) = &expr.kind else { return None };
        let LocalKind::Param(index) = self.locals.get(local.0)?.kind else { return None };
        self.facts.params.get(index).filter(|_| !self.facts.shared)
    }

    /// What the resource description says of the field that an expression names.
    pub fn field_type(&self, expr: &Expr) -> Option<&KindFieldType> {
        let ExprKind::Field { of, name } = &expr.kind else { return None };
        let Type::Object(id) = *of.ty.required() else { return None };
        let fields = self.kinds.fields(id)?;
        fields.iter().find(|field| field.name == *name).map(|field| &field.ty)
    }
}

#[cfg(test)]
mod tests {
    use super::Range;

    fn range(least: i64, most: i64) -> Range {
        Range { least: Some(least), most: Some(most) }
    }

    #[test]
    fn arithmetic_keeps_to_the_ends() {
        assert_eq!(range(1, 10).times(Range::only(60)), range(60, 600));
        assert_eq!(range(-2, 3).times(range(-5, 4)), range(-15, 12));
        assert_eq!(range(1, 3).plus(range(1, 3).negated()), range(-2, 2));
        assert_eq!(range(1, 3).or(range(7, 9)), range(1, 9));
        assert_eq!(range(1, 3).or(Range::ANY), Range::ANY);
        assert_eq!(Range::from(1).times(Range::from(2)), Range::from(2));
        assert_eq!(range(i64::MAX, i64::MAX).plus(Range::only(1)), Range::ANY);
        assert_eq!(Range::only(i64::MIN).negated(), Range::ANY);
        assert_eq!(range(i64::MAX, i64::MAX).times(Range::only(2)), Range::ANY);
    }
}
