//! The names that a recording gives to what changes from run to run.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

static VERSION: LazyLock<Regex> = LazyLock::new(|| pattern(r"=rv(\d+)\b"));
static REPEAT: LazyLock<Regex> = LazyLock::new(|| pattern(r"<repeat:([^:>]*):(\d+)>"));
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| pattern(r"<[a-z][a-z-]*>|\buid\d+\b|\brv\d+\b|…<trimmed>"));

/// What the names of one file stand for in this run.
#[derive(Debug, Default)]
pub struct Names {
    /// Versions of objects: each name one value, rising as the names rise.
    versions: BTreeMap<u64, u64>,
    /// Versions that only lists and bookmarks named so far.
    loose: BTreeMap<u64, u64>,
    uids: BTreeMap<String, String>,
    /// The last continue token.
    pub token: String,
}

/// The number of `rvN`.
pub fn version_name(text: &str) -> Option<u64> {
    text.strip_prefix("rv")?.parse().ok()
}

fn uid_name(text: &str) -> bool {
    text.strip_prefix("uid").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Names {
    /// Whether a string of an answer is what a recorded string stands for; names learn their values.
    pub fn matches(&mut self, recorded: &str, found: &str) -> Result<(), String> {
        let differs = || Err(format!("{recorded:?} recorded, {found:?} answered"));
        if let Some(name) = version_name(recorded) {
            let Ok(value) = found.parse() else { return differs() };
            return self.version(name, value);
        }
        if uid_name(recorded) {
            let known = self.uids.entry(recorded.to_owned()).or_insert_with(|| found.to_owned());
            return if known == found { Ok(()) } else { Err(format!("{recorded} was {known}, now {found}")) };
        }
        if recorded == "<continue>" {
            found.clone_into(&mut self.token);
            return if found.is_empty() { differs() } else { Ok(()) };
        }
        let recorded = expand(recorded);
        if recorded == found || like(&recorded, found) { Ok(()) } else { differs() }
    }

    fn version(&mut self, name: u64, value: u64) -> Result<(), String> {
        if let Some(known) = self.versions.get(&name) {
            return if *known == value { Ok(()) } else { Err(format!("rv{name} was {known}, now {value}")) };
        }
        if let Some((before, known)) = self.versions.range(..name).next_back().filter(|(_, known)| **known >= value) {
            return Err(format!("rv{name} is {value}, not above rv{before} = {known}"));
        }
        if let Some((after, known)) = self.versions.range(name..).next().filter(|(_, known)| **known <= value) {
            return Err(format!("rv{name} is {value}, not below rv{after} = {known}"));
        }
        self.versions.insert(name, value);
        Ok(())
    }

    /// Notes the version of a list: it is at least that of the last write, but may be any above.
    pub fn note_list(&mut self, recorded: &str, found: &str) {
        if let (Some(name), Ok(value)) = (version_name(recorded), found.parse()) {
            self.loose.entry(name).or_insert(value);
        }
    }

    fn value(&self, name: u64) -> Option<u64> {
        self.versions.get(&name).or_else(|| self.loose.get(&name)).copied()
    }

    /// Puts values for names into a path.
    pub fn fill_path(&self, path: &str) -> String {
        let path = VERSION.replace_all(path, |found: &regex::Captures<'_>| {
            let value = found[1].parse().ok().and_then(|name| self.value(name)).unwrap_or_default();
            format!("={value}")
        });
        path.replace("<continue>", &self.token)
    }

    /// Puts values for names into a body.
    pub fn fill(&self, body: &Value) -> Value {
        match body {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.fill(value))).collect(),
            other => other.clone(),
        }
    }

    fn fill_text(&self, text: &str) -> String {
        if let Some(value) = version_name(text).and_then(|name| self.value(name)) {
            return value.to_string();
        }
        self.uids.get(text).cloned().unwrap_or_else(|| expand(text))
    }
}

/// `<repeat:U:N>` as U written N times.
pub fn expand(text: &str) -> String {
    REPEAT
        .replace_all(text, |found: &regex::Captures<'_>| found[1].repeat(found[2].parse().unwrap_or_default()))
        .into_owned()
}

/// Whether a text fits one with placeholders in it. Most texts have none and are compared before.
fn like(recorded: &str, found: &str) -> bool {
    const NO_PLACEHOLDERS: [&str; 2] = ["<nil>", "<empty>"];
    let mut pattern = String::from("(?s)^");
    let mut at = 0;
    for hit in PLACEHOLDER.find_iter(recorded).filter(|hit| !NO_PLACEHOLDERS.contains(&hit.as_str())) {
        pattern.push_str(&regex::escape(&recorded[at..hit.start()]));
        pattern.push_str(".*");
        at = hit.end();
    }
    if at == 0 {
        return false;
    }
    pattern.push_str(&regex::escape(&recorded[at..]));
    pattern.push('$');
    Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(found))
}
