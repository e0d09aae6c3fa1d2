//! Whole-number arithmetic that fails where it would overflow.

use crate::failure::Failure;

fn checked(result: Option<i64>, operation: &str, left: i64, right: i64) -> Result<i64, Failure> {
    result.ok_or_else(|| Failure::refused(format!("`{left} {operation} {right}` has no result within 64 bits.")))
}

/// `left + right`.
///
/// # Errors
/// [`Failure`] where the result does not fit 64 bits; so for every function here.
pub fn add(left: i64, right: i64) -> Result<i64, Failure> {
    checked(left.checked_add(right), "+", left, right)
}

/// `left - right`.
pub fn sub(left: i64, right: i64) -> Result<i64, Failure> {
    checked(left.checked_sub(right), "-", left, right)
}

/// `left * right`.
pub fn mul(left: i64, right: i64) -> Result<i64, Failure> {
    checked(left.checked_mul(right), "*", left, right)
}

/// `left / right` of whole numbers: exact, as a float (as in Jinja).
///
/// # Errors
/// Where `right` is zero.
pub fn div(left: i64, right: i64) -> Result<f64, Failure> {
    if right == 0 {
        return Err(Failure::refused(format!("`{left} / 0` has no result.")));
    }
    Ok(to_float(left) / to_float(right))
}

/// `left // right`: rounded down (as in Jinja).
pub fn floor_div(left: i64, right: i64) -> Result<i64, Failure> {
    let quotient = left.checked_div(right).map(|quotient| {
        let uneven = left.checked_rem(right).is_some_and(|rest| rest != 0);
        if uneven && (left < 0) != (right < 0) { quotient - 1 } else { quotient }
    });
    checked(quotient, "//", left, right)
}

/// `left % right`: has the sign of `right` (as in Jinja).
pub fn rem(left: i64, right: i64) -> Result<i64, Failure> {
    let rest =
        left.checked_rem(right).map(|rest| if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest });
    checked(rest, "%", left, right)
}

/// `-value`.
pub fn neg(value: i64) -> Result<i64, Failure> {
    checked(value.checked_neg(), "-", 0, value)
}

/// `value | abs`.
pub fn abs(value: i64) -> Result<i64, Failure> {
    checked(value.checked_abs(), "-", 0, value)
}

/// A whole number as a float; the nearest one beyond 2^53.
#[allow(clippy::cast_precision_loss)]
pub fn to_float(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_fails() {
        assert!(add(i64::MAX, 1).is_err());
        assert!(sub(i64::MIN, 1).is_err());
        assert!(mul(i64::MAX, 2).is_err());
        assert!(floor_div(1, 0).is_err());
        assert!(floor_div(i64::MIN, -1).is_err());
        assert!(rem(1, 0).is_err());
        assert!(div(1, 0).is_err());
        assert!(neg(i64::MIN).is_err());
        assert!(abs(i64::MIN).is_err());
        assert_eq!(mul(60, 3).unwrap(), 180);
    }

    #[test]
    fn division_goes_as_in_jinja() {
        assert_eq!(floor_div(7, 2).unwrap(), 3);
        assert_eq!(floor_div(-7, 2).unwrap(), -4);
        assert_eq!(floor_div(-8, 2).unwrap(), -4);
        assert_eq!(rem(-7, 2).unwrap(), 1);
        assert_eq!(rem(7, -2).unwrap(), -1);
        assert!((div(7, 2).unwrap() - 3.5).abs() < f64::EPSILON);
    }
}
