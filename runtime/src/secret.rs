//! Text that must not be seen.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// What stands in a text where a secret stood.
pub const MASK: &str = "<secret>";

/// Secret text: wiped from memory when dropped, shown by no formatting, and not serializable, so that it
/// cannot reach an output struct. (Named so that it does not meet the Kubernetes kind `Secret`.)
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the request that carries it and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Secret values that a call knows, to be kept out of every text that leaves it: an API server, a webhook
/// or a proxy may quote a request in its answer.
#[derive(Debug, Clone, Default)]
pub struct KnownSecrets(Vec<Pattern>);

#[derive(Clone)]
struct Pattern(Zeroizing<String>);

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

impl KnownSecrets {
    /// Remembers a value, with the forms in which an answer could quote it: as it is, escaped as JSON
    /// once and twice (also as Go does, which escapes `<`, `>` and `&` too), in base64 (as in `data` of a
    /// Secret), and percent-encoded.
    pub fn add(&mut self, secret: &str) {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
        if secret.is_empty() {
            return;
        }
        let json = json_escaped(secret);
        let go = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        let forms = [
            json_escaped(&go),
            go,
            json_escaped(&json),
            json,
            secret.to_owned(),
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            crate::kind::percent_encode(secret),
        ];
        for form in forms {
            if !self.0.iter().any(|Pattern(known)| **known == form) {
                self.0.push(Pattern(Zeroizing::new(form)));
            }
        }
        // Longest first: a form that holds another one must go whole.
        self.0.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
    }

    /// Masks known values in every text of a JSON value. Keys are not touched: they are names of fields.
    pub fn mask_value(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::String(text) => *text = self.mask(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.mask_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text with every known value masked.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for Pattern(form) in &self.0 {
            if masked.contains(form.as_str()) {
                masked = masked.replace(form.as_str(), MASK);
            }
        }
        masked
    }
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_formatting_shows_it() {
        let secret = SecretText::new("hunter2hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "<secret>");
        let mut known = KnownSecrets::default();
        known.add(secret.expose());
        assert!(!format!("{known:?}").contains("hunter2"));
    }

    #[test]
    fn masks_every_form() {
        let mut known = KnownSecrets::default();
        known.add(r#"a"b\c/d e"#);
        for text in [
            r#"bad value a"b\c/d e here"#.to_owned(),
            serde_json::json!({ "password": r#"a"b\c/d e"# }).to_string(),
            serde_json::json!({ "body": serde_json::json!({ "p": r#"a"b\c/d e"# }).to_string() }).to_string(),
            "data: YSJiXGMvZCBl".to_owned(),
            "?p=a%22b%5Cc%2Fd%20e".to_owned(),
        ] {
            let masked = known.mask(&text);
            assert!(masked.contains(MASK), "{masked}");
            assert!(!masked.contains("b\\c"), "{masked}");
        }
        assert_eq!(known.mask("nothing here"), "nothing here");
    }

    #[test]
    fn reads_from_json_text() {
        let secret: SecretText = serde_json::from_str("\"s3cret\"").unwrap();
        assert_eq!(secret.expose(), "s3cret");
    }
}
