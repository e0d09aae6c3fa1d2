//! Text against its rule.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex::{Regex, RegexBuilder};

use super::problem::is_forbidden;
use crate::tool::{Format, TextRule};

/// Longest text that any parameter takes, in bytes, whatever its rule says.
const MAX_BYTES: usize = 16 * 1024;

/// Compiled patterns; specs are static, so the table is as small as they are.
static PATTERNS: LazyLock<RwLock<BTreeMap<&'static str, Arc<Regex>>>> = LazyLock::new(RwLock::default);

/// The compiled form of a pattern, made once.
///
/// # Errors
/// Where the pattern is no regular expression or too large.
pub fn pattern(source: &'static str) -> Result<Arc<Regex>, Box<regex::Error>> {
    if let Some(regex) = PATTERNS.read().unwrap_or_else(PoisonError::into_inner).get(source) {
        return Ok(Arc::clone(regex));
    }
    let regex = Arc::new(RegexBuilder::new(source).size_limit(1 << 20).build().map_err(Box::new)?);
    PATTERNS.write().unwrap_or_else(PoisonError::into_inner).insert(source, Arc::clone(&regex));
    Ok(regex)
}

/// What is wrong with a text; empty where nothing is. Cheap for texts of any length.
pub(super) fn violations(text: &str, rule: &TextRule) -> Vec<String> {
    if text.len() > MAX_BYTES {
        return vec![format!("is too long ({} bytes)", text.len())];
    }
    let mut found = Vec::new();
    let length = text.chars().count();
    if text.chars().any(is_forbidden) {
        found.push(String::from("has control characters or line breaks"));
    }
    let longest = [rule.max_length, rule.format.map(Format::max_length)].into_iter().flatten().min();
    if longest.is_some_and(|max| length > max) {
        found.push(format!("is too long ({length} characters)"));
    }
    if rule.min_length.is_some_and(|min| length < min) {
        found.push(format!("is too short ({length} characters)"));
    }
    if !found.is_empty() {
        return found;
    }
    if rule.format.is_some_and(|format| !format.matches(text)) {
        found.push(String::from("has not the right form"));
    } else if rule.pattern.is_some_and(|source| pattern(source).is_ok_and(|regex| !regex.is_match(text))) {
        found.push(String::from("does not fit the pattern"));
    }
    if rule.reserved_names.contains(&text) {
        found.push(String::from("is a reserved name"));
    } else if let Some(prefix) = rule.reserved_prefixes.iter().find(|prefix| text.starts_with(**prefix)) {
        found.push(format!("begins with the reserved `{prefix}`"));
    }
    found
}

/// What a text should be like.
pub(super) fn expectation(rule: &TextRule) -> String {
    let mut parts = vec![match rule.format {
        Some(Format::Dns1123Label) => {
            String::from("lower-case letters, digits and `-`, beginning and ending with a letter or digit")
        }
        Some(Format::Dns1123Subdomain) => {
            String::from("lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit")
        }
        Some(Format::Dns1035Label) => String::from(
            "lower-case letters, digits and `-`, beginning with a letter and ending with a letter or digit",
        ),
        None => String::from("text without control characters"),
    }];
    if let Some(source) = rule.pattern {
        parts.push(format!("of the pattern `{source}`"));
    }
    let longest = [rule.max_length, rule.format.map(Format::max_length)].into_iter().flatten().min();
    match (rule.min_length, longest) {
        (Some(min), Some(max)) => parts.push(format!("{min} to {max} characters")),
        (Some(min), None) => parts.push(format!("at least {min} characters")),
        (None, Some(max)) => parts.push(format!("at most {max} characters")),
        (None, None) => {}
    }
    if !rule.reserved_names.is_empty() || !rule.reserved_prefixes.is_empty() {
        let names = rule.reserved_names.iter().map(|name| format!("`{name}`"));
        let prefixes = rule.reserved_prefixes.iter().map(|prefix| format!("`{prefix}…`"));
        parts.push(format!("none of the reserved {}", names.chain(prefixes).collect::<Vec<_>>().join(", ")));
    }
    parts.join("; ")
}

impl Format {
    /// Most characters (RFC 1035 section 2.3.4, RFC 1123 section 2.1, as Kubernetes applies them).
    pub fn max_length(self) -> usize {
        match self {
            Self::Dns1123Label | Self::Dns1035Label => 63,
            Self::Dns1123Subdomain => 253,
        }
    }

    /// Whether a text has this form; its length is not looked at.
    pub fn matches(self, text: &str) -> bool {
        match self {
            Self::Dns1123Label => is_label(text),
            Self::Dns1123Subdomain => text.split('.').all(is_label),
            Self::Dns1035Label => is_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase()),
        }
    }
}

fn is_label(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(alphanumeric)
        && bytes.last().copied().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(*byte) || *byte == b'-')
}
