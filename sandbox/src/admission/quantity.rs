//! Kubernetes quantities (`1Gi`, `500m`, `2e3`): parsed exactly, compared, and written in the
//! canonical form that the API server's own type gives them.
//!
//! Source of the rules: the "Quantity" section of the Kubernetes API conventions.

use std::cmp::Ordering;

/// Number of nano units in one unit; quantities are held in nano units, the finest that Kubernetes keeps.
const NANO: i128 = 1_000_000_000;

/// How the quantity was written, which decides how it is written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Powers of 1024 (`Ki`, `Mi`, …).
    Binary,
    /// Powers of 1000 (`m`, `k`, `M`, …) or no suffix.
    Decimal,
}

/// A parsed quantity.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

const BINARY: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: [(&str, i32); 9] =
    [("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

impl Quantity {
    /// Parses `text`; `None` where Kubernetes would refuse it or the value leaves the range that
    /// a quantity can have.
    pub fn parse(text: &str) -> Option<Self> {
        let end = text
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '+' | '-'))))
            .map_or(text.len(), |(at, _)| at);
        let (number, suffix) = text.split_at(end);
        let (negative, digits) = match number.as_bytes().first()? {
            b'-' => (true, &number[1..]),
            b'+' => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || digits.len() > 24 {
            return None;
        }
        let mantissa: i128 = format!("0{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?;
        let (nanos, format) = scale(mantissa, places, suffix)?;
        Some(Self { nanos: if negative { -nanos } else { nanos }, format })
    }

    /// Whether the quantity is zero.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Compares two quantities by value, whatever their suffixes.
    pub fn compare(self, other: Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }

    /// The canonical text: the largest suffix that needs no fraction.
    pub fn canonical(self) -> String {
        let whole = self.nanos / NANO;
        if self.format == Format::Binary && self.nanos % NANO == 0 && whole.abs() >= 1024 {
            let mut value = whole;
            let mut suffix = "";
            for (name, _) in BINARY {
                if value % 1024 != 0 {
                    break;
                }
                value /= 1024;
                suffix = name;
            }
            return format!("{value}{suffix}");
        }
        let mut value = self.nanos;
        let mut suffix = "n";
        for name in ["u", "m", "", "k", "M", "G", "T", "P", "E"] {
            if value == 0 || value % 1000 != 0 {
                break;
            }
            value /= 1000;
            suffix = name;
        }
        if value == 0 { "0".to_owned() } else { format!("{value}{suffix}") }
    }
}

/// `mantissa / 10^places`, times the suffix, in nano units (rounded up, as Kubernetes does).
fn scale(mantissa: i128, places: i32, suffix: &str) -> Option<(i128, Format)> {
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        let scaled = mantissa.checked_mul(1 << bits)?;
        return Some((shift(scaled, 9 - places)?, Format::Binary));
    }
    let exponent = if suffix.is_empty() {
        0
    } else if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        *exponent
    } else {
        let digits = suffix.strip_prefix(['e', 'E'])?;
        digits.parse::<i32>().ok().filter(|value| value.abs() <= 18)?
    };
    Some((shift(mantissa, exponent + 9 - places)?, Format::Decimal))
}

/// `value * 10^exponent`, rounded up where digits are lost.
fn shift(value: i128, exponent: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 { value.checked_mul(factor) } else { Some((value + factor - 1) / factor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms_are_those_of_kubernetes() {
        for (text, canonical) in [
            ("1Gi", "1Gi"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1", "1"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1000", "1k"),
            ("2e3", "2k"),
            ("-3", "-3"),
            ("0", "0"),
            ("512", "512"),
        ] {
            assert_eq!(Quantity::parse(text).unwrap().canonical(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "ten", "1gi", "1 Gi", "Gi", "1.2.3", "--1", "1e", "1GiB", "."] {
            assert!(Quantity::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn suffixes_compare_by_value() {
        let less = |a: &str, b: &str| Quantity::parse(a).unwrap().compare(Quantity::parse(b).unwrap()).is_lt();
        assert!(less("1G", "1Gi"));
        assert!(less("900Mi", "1Gi"));
        assert!(!less("1Ti", "1Gi"));
    }
}
