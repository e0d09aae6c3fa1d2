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
    use super::is_positive_quantity;

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
