//! Kubernetes quantities, by the grammar of `k8s.io/apimachinery/pkg/api/resource`:
//! `<quantity> ::= <signedNumber><suffix>`, suffix binary (`Ki` … `Ei`), decimal (`n u m k M G T P E`) or
//! exponent (`e3`, `E-3`).

/// Longest text that is looked at; the API server's own numbers end far below.
const MAX_LENGTH: usize = 64;

/// Whether the text is a quantity greater than zero.
pub fn is_positive_quantity(text: &str) -> bool {
    if text.len() > MAX_LENGTH {
        return false;
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let end =
        unsigned.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    is_number(number) && is_suffix(suffix) && number.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// What a quantity amounts to, in units of 10⁻⁹ (the API server's smallest), rounded up; `None` where the text is
/// none. More than an `i128` holds counts as the most that it holds.
pub fn amount(text: &str) -> Option<i128> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end =
        unsigned.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    if !is_number(number) || !is_suffix(suffix) {
        return None;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let mut value: i128 = digits.parse().unwrap_or(if digits.is_empty() { 0 } else { i128::MAX });
    let (twos, tens) = scale(suffix)?;
    value = value.saturating_mul(1_i128 << twos);
    let tens = tens + 9 - i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let power = 10_i128.saturating_pow(tens.unsigned_abs());
    value = if tens >= 0 { value.saturating_mul(power) } else { value / power + i128::from(value % power != 0) };
    Some(if negative { -value } else { value })
}

/// Powers of two and of ten that a suffix stands for.
fn scale(suffix: &str) -> Option<(u32, i32)> {
    Some(match suffix {
        "" => (0, 0),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        exponent => (0, exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

/// `<digits> | <digits>.<digits> | <digits>. | .<digits>`
fn is_number(text: &str) -> bool {
    let mut parts = text.split('.');
    let whole = parts.next().unwrap_or_default();
    let fraction = parts.next().unwrap_or_default();
    parts.next().is_none() && !(whole.is_empty() && fraction.is_empty())
}

fn is_suffix(text: &str) -> bool {
    const SUFFIXES: [&str; 16] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "n", "u", "m", "k", "M", "G", "T", "P", "E"];
    SUFFIXES.contains(&text) || text.strip_prefix(['e', 'E']).is_some_and(is_exponent)
}

fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{amount, is_positive_quantity};

    #[test]
    fn amounts_are_compared_whatever_their_suffix() {
        for (less, more) in [
            ("1G", "1Gi"),
            ("1023Mi", "1Gi"),
            ("1.5Gi", "2Gi"),
            ("100m", "1"),
            ("9E", "9Ei"),
            ("1e3", "1Ki"),
            ("-1", "0"),
            (".5", "0.6"),
        ] {
            assert!(amount(less) < amount(more), "{less} {more}");
        }
        for (one, other) in [("1Gi", "1024Mi"), ("1k", "1000"), ("1e3", "1000"), ("0.5", "500m"), ("1.", "+1")] {
            assert_eq!(amount(one), amount(other), "{one} {other}");
        }
        assert_eq!(amount("1GB"), None);
        assert_eq!(amount(""), None);
        assert!(amount(&"9".repeat(64)).is_some());
    }

    #[test]
    fn what_kubernetes_takes() {
        for text in ["1", "1Gi", "10Ki", "1.5Gi", ".5Gi", "1.", "100m", "1E", "1e3", "1E-3", "+2Ti", "0.001", "12P"] {
            assert!(is_positive_quantity(text), "{text}");
        }
    }

    #[test]
    fn what_it_does_not() {
        for text in [
            "", "Gi", ".", "1..5", "1.2.3", "1gi", "1GB", "1 Gi", "-1Gi", "0", "0Gi", "0.0", "1e", "1e+", "1ee3",
            "1Gi ", "१Gi", "0x10",
        ] {
            assert!(!is_positive_quantity(text), "{text}");
        }
        assert!(!is_positive_quantity(&"9".repeat(1 << 20)));
    }
}
