//! Text.

use std::collections::BTreeMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use regex::Regex;

/// `value | string`. Takes values and references alike, as generated code has them.
#[allow(clippy::needless_pass_by_value, reason = "a reference to text is a value here")]
pub fn string(value: impl ToString) -> String {
    value.to_string()
}

/// `text | int`: absent where the text is no whole number of 64 bits.
pub fn int(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// `text | lower`.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// `text | upper`.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// `text | trim`: without white space at both ends.
pub fn trim(text: &str) -> String {
    text.trim().to_owned()
}

/// `text | replace(from, to)`: every occurrence.
pub fn replace(text: &str, from: &str, to: &str) -> String {
    if from.is_empty() { text.to_owned() } else { text.replace(from, to) }
}

/// `text | split(separator)`; an empty separator splits at white space.
pub fn split(text: &str, separator: &str) -> Vec<String> {
    if separator.is_empty() {
        text.split_whitespace().map(str::to_owned).collect()
    } else {
        text.split(separator).map(str::to_owned).collect()
    }
}

/// `text is startingwith(beginning)`.
pub fn startingwith(text: &str, beginning: &str) -> bool {
    text.starts_with(beginning)
}

/// `text is endingwith(end)`.
pub fn endingwith(text: &str, end: &str) -> bool {
    text.ends_with(end)
}

/// `text is matching(pattern)`: whether the regular expression is found in the text. Patterns are literals
/// that codegen has checked; one that cannot be read matches nothing.
pub fn matching(text: &str, pattern: &str) -> bool {
    static READ: LazyLock<RwLock<BTreeMap<String, Option<Regex>>>> = LazyLock::new(RwLock::default);
    if let Some(regex) = READ.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return regex.as_ref().is_some_and(|regex| regex.is_match(text));
    }
    let regex = Regex::new(pattern).ok();
    let matches = regex.as_ref().is_some_and(|regex| regex.is_match(text));
    READ.write().unwrap_or_else(PoisonError::into_inner).insert(pattern.to_owned(), regex);
    matches
}

/// `text | fence(language)`: a Markdown code block whose fence is longer than any run of backticks inside
/// (`CommonMark`, 4.5), so that the text cannot end it.
pub fn fence(text: &str, language: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let language: String =
        language.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+')).collect();
    let body = text.strip_suffix('\n').unwrap_or(text);
    format!("{fence}{language}\n{body}\n{fence}")
}

/// `kubectl_get_secret(name, namespace, key)`: the shell command that shows a value of a Secret.
pub fn kubectl_get_secret(name: &str, namespace: &str, key: &str) -> String {
    let path = format!("{{.data.{}}}", key.replace('.', "\\."));
    format!(
        "kubectl get secret {} --namespace {} -o jsonpath={} | base64 -d",
        shell(name),
        shell(namespace),
        quoted(&path)
    )
}

/// A word for a POSIX shell: as it is where no character means anything, else in single quotes.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | ',');
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { quoted(word) }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_cannot_be_ended_from_inside() {
        assert_eq!(fence("a\n", "yaml"), "```yaml\na\n```");
        assert_eq!(fence("a\n```\n# injected", "yaml"), "````yaml\na\n```\n# injected\n````");
        assert_eq!(fence("x", "y\n# z"), "```yz\nx\n```");
    }

    #[test]
    fn commands_are_safe_to_paste() {
        assert_eq!(
            kubectl_get_secret("main-db-role-app", "default", "password"),
            "kubectl get secret main-db-role-app --namespace default -o jsonpath='{.data.password}' | base64 -d"
        );
        assert_eq!(
            kubectl_get_secret("a", "b", "tls.crt"),
            r"kubectl get secret a --namespace b -o jsonpath='{.data.tls\.crt}' | base64 -d"
        );
        assert_eq!(shell("a; rm -rf '/'"), r"'a; rm -rf '\''/'\'''");
        assert_eq!(shell(""), "''");
    }

    #[test]
    fn patterns() {
        assert!(matching("app_user", "^[a-z_]+$"));
        assert!(!matching("App", "^[a-z_]+$"));
        assert!(!matching("App", "^[a-z_]+$"));
        assert!(!matching("x", "("));
    }

    #[test]
    fn small_ones() {
        assert_eq!(int(" 42 "), Some(42));
        assert_eq!(int("4x"), None);
        assert_eq!(split("a,b", ","), ["a", "b"]);
        assert_eq!(split(" a  b ", ""), ["a", "b"]);
        assert_eq!(replace("a_b", "_", "-"), "a-b");
        assert_eq!(replace("ab", "", "-"), "ab");
        assert_eq!((lower("Ä"), upper("ä"), trim(" x ")), ("ä".into(), "Ä".into(), "x".into()));
        assert!(startingwith("pg_x", "pg_") && endingwith("a.md", ".md"));
        assert_eq!(string(3), "3");
    }
}
