//! What is in force, for people: YAML with the origin of each value beside it. No secret is in it.

use std::fmt;

use super::place::Place;

/// What is in force.
#[derive(Debug, Default)]
pub struct Shown(Vec<(&'static str, Line, Place)>);

/// A value as it is shown.
#[derive(Debug, Clone)]
pub(super) enum Line {
    /// A text, quoted.
    Text(String),
    /// A number or a switch, or words that stand for a secret.
    Plain(String),
    Words(Vec<String>),
    Pairs(Vec<(String, String)>),
}

/// Longest text that is shown whole.
const LONG: usize = 200;

impl Shown {
    pub(super) fn add(&mut self, name: &'static str, line: Line, place: Place) {
        self.0.push((name, line, place));
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group = "";
        for (name, line, place) in &self.0 {
            let (before, last) = name.rsplit_once('.').unwrap_or(("", name));
            if before != group {
                if !before.is_empty() {
                    writeln!(formatter, "{before}:")?;
                }
                group = before;
            }
            let indent = if before.is_empty() { "" } else { "  " };
            writeln!(formatter, "{indent}{last}: {line}  # {place}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => formatter.write_str(text),
            Self::Text(text) if text.len() > LONG => {
                let begin: String = text.chars().take(40).collect();
                write!(formatter, "{}", quoted(&format!("{begin}… ({} bytes)", text.len())))
            }
            Self::Text(text) => formatter.write_str(&quoted(text)),
            Self::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                write!(formatter, "[{}]", words.join(", "))
            }
            Self::Pairs(pairs) => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
                write!(formatter, "{{{}}}", pairs.join(", "))
            }
        }
    }
}

/// A JSON string, which is YAML too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An address without the user and password in it.
pub(super) fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{}@{host}", crate::secret::MASK),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked() {
        assert_eq!(without_password("redis://:p@ss@host:1/0"), "redis://<secret>@host:1/0");
        assert_eq!(without_password("redis://host:1"), "redis://host:1");
        assert_eq!(without_password("memory"), "memory");
    }

    #[test]
    fn what_is_shown_is_yaml() {
        let mut shown = Shown::default();
        shown.add("issuer", Line::Text("https://x/".to_owned()), Place::Flag("--issuer".to_owned()));
        shown.add("impersonation.prefix", Line::Text("oidc:\"\n".to_owned()), Place::Default);
        shown.add("scopes", Line::Words(vec!["openid".to_owned()]), Place::Environment("CNPG_MCP_SCOPES".to_owned()));
        let text = shown.to_string();
        assert_eq!(
            text,
            "issuer: \"https://x/\"  # --issuer\nimpersonation:\n  prefix: \"oidc:\\\"\\n\"  # default\nscopes: [\"openid\"]  # CNPG_MCP_SCOPES\n"
        );
        let read: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(read["impersonation"]["prefix"], "oidc:\"\n");
    }
}
