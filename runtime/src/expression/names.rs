//! Names of Kubernetes objects and values of labels, made from names that Kubernetes would not take.

use sha2::{Digest as _, Sha256};

/// Longest name of an object and value of a label (RFC 1123 label; Kubernetes, "Labels and Selectors").
const MAX_LENGTH: usize = 63;

/// Characters of the hash: 50 bits, so that two names of one cluster never meet.
const HASH_LENGTH: usize = 10;

/// `object_name(cluster, name)`: `{cluster}-{name}`, always a valid RFC 1123 label of at most 63
/// characters. `_` becomes `-`. Where the name had to be changed or shortened, a hash of the exact names
/// follows, so that `my_db` and `my__db` never meet in one object, nor with a name that needed no change.
pub fn object_name(cluster: &str, name: &str) -> String {
    let wanted = format!("{cluster}-{name}");
    let possible: String =
        wanted.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    let valid_ends = !possible.starts_with('-') && !possible.ends_with('-');
    if possible == wanted && valid_ends && possible.len() <= MAX_LENGTH {
        return wanted;
    }
    with_hash(&possible, |c| c == '-', &[cluster, name])
}

/// `name | label_value`: the text itself where it is a valid label value, else a valid form of it with a
/// hash of the exact text. The exact text belongs into an annotation.
pub fn label_value(text: &str) -> String {
    let possible: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }).collect();
    let alphanumeric_ends = !possible.starts_with(is_inner_only) && !possible.ends_with(is_inner_only);
    if possible == text && alphanumeric_ends && possible.len() <= MAX_LENGTH {
        return possible;
    }
    with_hash(&possible, is_inner_only, &[text])
}

/// Characters that a label value may have inside, but not at its ends.
fn is_inner_only(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

/// A shortened form, trimmed at both ends, and the hash of the exact parts.
fn with_hash(possible: &str, not_at_ends: fn(char) -> bool, exact: &[&str]) -> String {
    let room = MAX_LENGTH - HASH_LENGTH - 1;
    let start = possible.trim_start_matches(not_at_ends);
    // ASCII by construction, so every index is a character boundary.
    let kept = start.get(..room.min(start.len())).unwrap_or(start).trim_end_matches(not_at_ends);
    let hash = short_hash(exact);
    if kept.is_empty() { hash } else { format!("{kept}-{hash}") }
}

/// Lower-case letters and digits, the same for the same parts on every machine and in every version.
pub(crate) fn short_hash(parts: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().iter().take(HASH_LENGTH).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_rfc1123_label(text: &str) -> bool {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !text.is_empty()
            && text.len() <= 63
            && text.chars().all(inner)
            && !text.starts_with('-')
            && !text.ends_with('-')
    }

    #[test]
    fn plain_names_stay_as_they_are() {
        assert_eq!(object_name("main-db", "app"), "main-db-app");
        assert_eq!(object_name("main-db-role", "app2"), "main-db-role-app2");
        assert_eq!(label_value("app_user"), "app_user");
        assert_eq!(label_value(""), "");
    }

    #[test]
    fn changed_names_carry_a_stable_hash() {
        assert_eq!(object_name("main-db", "my_db"), "main-db-my-db-ga2b33dytb");
        assert_ne!(object_name("main-db", "my_db"), object_name("main-db", "my-db"));
        assert_ne!(object_name("main-db", "my_db_"), object_name("main-db", "my_db"));
        assert_ne!(object_name("main", "db_x"), object_name("main-db", "_x"));
        assert!(label_value("_private").starts_with("private-"));
        assert!(!label_value("_").is_empty());
    }

    #[test]
    fn long_names_differ_in_their_hash() {
        let cluster = "c".repeat(50);
        let a = object_name(&cluster, &format!("{}a", "r".repeat(62)));
        let b = object_name(&cluster, &format!("{}b", "r".repeat(62)));
        assert_eq!(a.len(), 63);
        assert_ne!(a, b);
    }

    proptest! {
        #[test]
        fn always_a_valid_name(cluster in "[a-z]([-a-z0-9]{0,48}[a-z0-9])?", name in "[a-z_][a-z0-9_]{0,62}") {
            prop_assert!(is_rfc1123_label(&object_name(&cluster, &name)));
        }

        #[test]
        fn always_valid_from_anything(a in ".{0,80}", b in ".{0,80}") {
            prop_assert!(is_rfc1123_label(&object_name(&a, &b)));
            let label = label_value(&a);
            prop_assert!(label.len() <= 63);
            prop_assert!(label.chars().all(|c| c.is_ascii_alphanumeric() || is_inner_only(c)));
            prop_assert!(!label.starts_with(is_inner_only) && !label.ends_with(is_inner_only));
        }

        #[test]
        fn two_roles_never_meet(cluster in "[a-z][-a-z0-9]{0,10}[a-z0-9]", a in "[a-z_][a-z0-9_]{0,62}", b in "[a-z_][a-z0-9_]{0,62}") {
            prop_assert_eq!(a == b, object_name(&cluster, &a) == object_name(&cluster, &b));
            prop_assert_eq!(a == b, label_value(&a) == label_value(&b));
        }
    }
}
