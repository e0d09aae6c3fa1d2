//! What was said, in the file, in the environment and by flags; the last word of each key.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::keys::{self, DEFAULT_FILE, Form, KEYS, KeyInfo};
use super::place::{Place, Problem};
use super::tree::{self, Node, NodeKind};
use crate::arguments::nearest;

/// Most bytes of a configuration file; a logo may be in it.
const MAX_FILE: u64 = 1 << 20;

/// Where to look.
#[derive(Debug, Default)]
pub struct Sources {
    /// A file that must be there. `None`: [`DEFAULT_FILE`], where it is there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: HashMap<String, String>,
    /// Values of flags, by the names of keys.
    pub flags: HashMap<String, String>,
}

impl Sources {
    /// The environment of this process, no file named, no flags.
    pub fn of_process() -> Self {
        // A variable that is no text is none of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { environment, ..Self::default() }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Words(Vec<String>),
    Pairs(Vec<(String, String)>),
    Switch(bool),
    Number(u64),
}

/// What was said, and what is wrong with how it was said.
#[derive(Debug, Default)]
pub struct Given {
    pub(super) values: BTreeMap<&'static str, (Value, Place)>,
    pub(super) problems: Vec<Problem>,
    /// Keys that were said in a form they do not take: there, and of no use.
    pub(super) refused: Vec<&'static str>,
    /// The file was not read, so that what is missing may be in it.
    pub(super) unread: bool,
}

impl Given {
    /// Collects what was said.
    pub fn read(sources: &Sources) -> Self {
        let mut given = Self::default();
        let default = Path::new(DEFAULT_FILE);
        match &sources.file {
            Some(file) => given.read_file(file),
            None if default.exists() => given.read_file(default),
            None => {}
        }
        for key in KEYS {
            let variable = key.variable();
            if let Some(text) = sources.environment.get(&variable).filter(|text| !text.is_empty()) {
                given.take_text(key, text, &Place::Environment(variable));
            }
            if let (Some(text), Some(flag)) = (sources.flags.get(key.name), key.flag()) {
                given.take_text(key, text, &Place::Flag(format!("--{flag}")));
            }
        }
        given
    }

    pub(super) fn get(&self, name: &'static str) -> Option<(&Value, &Place)> {
        self.values.get(name).map(|(value, place)| (value, place))
    }

    /// Whether somebody said something, of use or not.
    pub(super) fn was_said(&self, name: &'static str) -> bool {
        self.values.contains_key(name) || self.refused.contains(&name)
    }

    fn read_file(&mut self, file: &Path) {
        let whole = |what: String| Problem {
            place: Place::File { file: file.to_owned(), line: 1, column: 1 },
            key: None,
            what,
        };
        let mut text = String::new();
        let opened = std::fs::File::open(file).and_then(|opened| opened.take(MAX_FILE + 1).read_to_string(&mut text));
        if let Err(error) = opened {
            self.unread = true;
            let what = format!("{}: the configuration cannot be read: {error}", file.display());
            return self.problems.push(Problem { place: Place::Default, key: None, what });
        }
        if text.len() as u64 > MAX_FILE {
            self.unread = true;
            return self.problems.push(whole(format!("longer than {MAX_FILE} bytes, so it is no configuration")));
        }
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return;
        }
        match tree::parse(&text) {
            Ok(root) => self.walk(file, "", root),
            Err((at, message)) => {
                self.unread = true;
                let place = at.map_or(Place::File { file: file.to_owned(), line: 1, column: 1 }, |at| spot(file, at));
                self.problems.push(Problem { place, key: None, what: format!("this is not valid YAML: {message}") });
            }
        }
    }

    /// Takes the entries of a mapping; `prefix` is the name of the mapping with a dot, or nothing.
    fn walk(&mut self, file: &Path, prefix: &str, node: Node) {
        let place = spot(file, node.at);
        let NodeKind::Map(entries) = node.kind else {
            let key = prefix.strip_suffix('.').map(str::to_owned);
            let what = format!("is {}, where a mapping of keys is expected", node.describe());
            self.unread |= key.is_none();
            let what = if key.is_some() { what } else { format!("the file {what}") };
            return self.problems.push(Problem { place, key, what });
        };
        let mut seen: Vec<String> = Vec::new();
        for (key, value) in entries {
            let name = format!("{prefix}{}", key.value);
            let here = spot(file, key.referenced);
            if seen.contains(&name) {
                self.problem(here, &name, "stands here a second time; remove one of them".to_owned());
                continue;
            }
            seen.push(name.clone());
            let group = format!("{name}.");
            match keys::find(&name) {
                Some(info) if info.in_file() => self.take_node(file, info, &value),
                Some(_) => {
                    let what = "does not belong into this file; write it into a file of its own, and name that one \
                                in `client_secret_file`";
                    self.problem(here, &name, what.to_owned());
                }
                None if KEYS.iter().any(|key| key.name.starts_with(&group)) => {
                    if !matches!(value.kind, NodeKind::Null) {
                        self.walk(file, &group, value);
                    }
                }
                None => self.problem(here, &name, unknown(prefix, &key.value)),
            }
        }
    }

    fn take_node(&mut self, file: &Path, key: &'static KeyInfo, node: &Node) {
        let place = spot(file, node.at);
        let expected = expectation(key.form);
        let value = match (key.form, &node.kind) {
            // Nothing behind the colon says nothing.
            (_, NodeKind::Null) => return,
            (Form::Text | Form::Secret | Form::Address, _) => node.scalar().map(Value::Text),
            (Form::Words, NodeKind::List(items)) => {
                let words: Option<Vec<String>> = items.iter().map(Node::scalar).collect();
                words.map(Value::Words)
            }
            (Form::Words, NodeKind::Text(text)) => Some(Value::Words(words(text))),
            (Form::Pairs, NodeKind::Map(entries)) => {
                let pairs: Option<Vec<(String, String)>> =
                    entries.iter().map(|(name, value)| Some((name.value.clone(), value.scalar()?))).collect();
                pairs.map(Value::Pairs)
            }
            (Form::Switch, NodeKind::Bool(value)) => Some(Value::Switch(*value)),
            (Form::Number, NodeKind::Int(number)) => Some(Value::Number(*number)),
            _ => None,
        };
        match value {
            Some(value) => self.put(key, value, place),
            None => self.refuse(key, place, format!("is {}, where {expected} is expected", node.describe())),
        }
    }

    fn take_text(&mut self, key: &'static KeyInfo, text: &str, place: &Place) {
        let value = match key.form {
            Form::Text | Form::Secret | Form::Address => Some(Value::Text(text.to_owned())),
            Form::Words => Some(Value::Words(words(text))),
            Form::Pairs => pairs(text).map(Value::Pairs),
            Form::Switch => match text {
                "true" | "1" => Some(Value::Switch(true)),
                "false" | "0" => Some(Value::Switch(false)),
                _ => None,
            },
            Form::Number => text.parse().ok().map(Value::Number),
        };
        if let Some(value) = value {
            return self.put(key, value, place.clone());
        }
        let written = if key.form == Form::Pairs { " (name=value, with commas between them)" } else { "" };
        self.refuse(key, place.clone(), format!("is not {}{written}", expectation(key.form)));
    }

    fn put(&mut self, key: &'static KeyInfo, value: Value, place: Place) {
        if matches!(&value, Value::Text(text) if text.trim().is_empty()) {
            return self.refuse(key, place, "is empty; leave it out".to_owned());
        }
        self.values.insert(key.name, (value, place));
    }

    fn refuse(&mut self, key: &'static KeyInfo, place: Place, what: String) {
        self.refused.push(key.name);
        self.problem(place, key.name, what);
    }

    pub(super) fn problem(&mut self, place: Place, key: &str, what: String) {
        self.problems.push(Problem { place, key: Some(key.to_owned()), what });
    }
}

/// What to say of a key that is none.
fn unknown(prefix: &str, wrong: &str) -> String {
    let mut known: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.in_file())
        .filter_map(|key| key.name.strip_prefix(prefix))
        .map(|rest| rest.split('.').next().unwrap_or(rest))
        .collect();
    known.dedup();
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("is not known (did you mean `{prefix}{near}`?)"),
        None => format!("is not known; the keys here are {}", known.join(", ")),
    }
}

fn expectation(form: Form) -> &'static str {
    match form {
        Form::Text | Form::Secret | Form::Address => "text",
        Form::Words => "a list of words",
        Form::Pairs => "a mapping of names to values",
        Form::Switch => "`true` or `false`",
        Form::Number => "a whole number",
    }
}

fn words(text: &str) -> Vec<String> {
    text.split([',', ' ', '\n', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()))).collect()
}

fn spot(file: &Path, at: serde_yaml::Location) -> Place {
    Place::File { file: file.to_owned(), line: at.line(), column: at.column() }
}
