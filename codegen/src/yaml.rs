//! YAML that is written: scalars with no more quotes than they need.

/// Words that YAML readers take for something else than text, old readers included.
const WORDS: &[&str] =
    &["true", "false", "yes", "no", "on", "off", "null", "y", "n", "~", "nan", ".nan", ".inf", "-.inf"];

/// A text as a scalar that may stand in block and flow mappings alike: plain where that is safe, in single quotes where
/// double ones would double every backslash, else in double ones.
#[must_use]
pub fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.contains('\\') && !text.contains('\'') && !text.chars().any(char::is_control) {
        format!("'{text}'")
    } else {
        quoted(text)
    }
}

/// A text in double quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    // JSON's escapes are YAML's too.
    serde_json::Value::from(text).to_string()
}

fn is_plain(text: &str) -> bool {
    let safe = |c: char| c.is_alphanumeric() || " _-./()'%+–=;*^$\\".contains(c);
    let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '/' || c == '_' || c == '^');
    begins
        && text.trim() == text
        && text.chars().all(|c| safe(c) || c == ':' || c == '`' || c == '"' || c == '~')
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(":\"")
        && !WORDS.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
mod tests {
    use super::scalar;

    #[test]
    fn a_scalar_is_read_as_it_was_and_quoted_where_it_must() {
        for (text, wanted) in [
            ("Name of the cluster.", "Name of the cluster."),
            ("It's `a` 5% thing", "It's `a` 5% thing"),
            ("^[a-z]+$", "\"^[a-z]+$\""),
            ("^a$", "^a$"),
            ("a: b", "\"a: b\""),
            ("a, b", "\"a, b\""),
            ("a #b", "\"a #b\""),
            ("`a`", "\"`a`\""),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("1", "\"1\""),
            ("", "\"\""),
            ("a\nb", "\"a\\nb\""),
            ("- a", "\"- a\""),
            ("end:", "\"end:\""),
            ("{{ x }}", "\"{{ x }}\""),
        ] {
            let written = scalar(text);
            assert_eq!(written, wanted);
            let block: serde_json::Value = serde_yaml::from_str(&format!("k: {written}\n")).unwrap();
            assert_eq!(block["k"], text);
            let flow: serde_json::Value =
                serde_yaml::from_str(&format!("k: {{ a: {written}, b: [{written}] }}\n")).unwrap();
            assert_eq!(flow["k"]["a"], text);
            assert_eq!(flow["k"]["b"][0], text);
        }
    }
}
