//! Takes values out of what was said, checks each, and notes what is in force.

use super::given::{Given, Value};
use super::place::{Place, Problem};
use super::shown::{Line, Shown};

/// What was said, being checked.
pub(super) struct Fields {
    given: Given,
    shown: Shown,
}

impl Fields {
    pub fn new(given: Given) -> Self {
        Self { given, shown: Shown::default() }
    }

    pub fn finish(self) -> (Shown, Vec<Problem>) {
        (self.shown, self.given.problems)
    }

    /// What was said, for checks of several keys at once.
    pub fn given(&mut self) -> &mut Given {
        &mut self.given
    }

    pub fn note(&mut self, name: &'static str, line: Line, place: Place) {
        self.shown.add(name, line, place);
    }

    /// Says that something is wrong with a key, at the place of its value.
    pub fn wrong(&mut self, name: &'static str, what: impl Into<String>) {
        let place = self.given.get(name).map_or(Place::Default, |(_, place)| place.clone());
        self.given.problem(place, name, what.into());
    }

    /// Says that a key is missing, unless it was said in a form that was refused already.
    pub fn missing(&mut self, name: &'static str, why: &str) {
        if !self.given.was_said(name) && !self.given.unread {
            let variable = super::keys::find(name).map(super::KeyInfo::variable).unwrap_or_default();
            self.given.problem(
                Place::Default,
                name,
                format!("is missing ({why}); say it in the file, as {variable} or by a flag"),
            );
        }
    }

    /// A text, checked. `None`: it was not said, or is wrong, which was told.
    pub fn text<T>(&mut self, name: &'static str, check: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (Value::Text(text), place) = self.given.get(name)? else { return None };
        let (text, place) = (text.clone(), place.clone());
        self.note(name, Line::Text(text.clone()), place.clone());
        check(&text).map_err(|what| self.given.problem(place, name, what)).ok()
    }

    /// A text that was said, or one that stands for it.
    pub fn text_or(
        &mut self,
        name: &'static str,
        other: &str,
        check: impl Fn(&str) -> Result<String, String>,
    ) -> String {
        if !self.given.was_said(name) {
            self.note(name, Line::Text(other.to_owned()), Place::Default);
            return other.to_owned();
        }
        self.text(name, check).unwrap_or_else(|| other.to_owned())
    }

    /// Words, each checked.
    pub fn words(
        &mut self,
        name: &'static str,
        other: &[&str],
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Vec<String> {
        let said = match self.given.get(name) {
            Some((Value::Words(words), place)) => Some((words.clone(), place.clone())),
            _ => None,
        };
        let Some((words, place)) = said else {
            let words: Vec<String> = other.iter().map(|&word| word.to_owned()).collect();
            self.note(name, Line::Words(words.clone()), Place::Default);
            return words;
        };
        for word in &words {
            if let Err(what) = check(word) {
                self.given.problem(place.clone(), name, format!("has `{}`, which {what}", word.escape_debug()));
            }
        }
        self.note(name, Line::Words(words.clone()), place);
        words
    }

    /// Names and values that are sent to the provider; `kept` are names that this server sets itself.
    pub fn pairs(&mut self, name: &'static str, other: Vec<(String, String)>, kept: &[&str]) -> Vec<(String, String)> {
        let said = match self.given.get(name) {
            Some((Value::Pairs(pairs), place)) => Some((pairs.clone(), place.clone())),
            _ => None,
        };
        let Some((pairs, place)) = said else {
            self.note(name, Line::Pairs(other.clone()), Place::Default);
            return other;
        };
        for (parameter, _) in &pairs {
            if kept.contains(&parameter.as_str()) || parameter.is_empty() {
                let what = format!("has `{parameter}`, which the server sets itself; take it out");
                self.given.problem(place.clone(), name, what);
            }
        }
        self.note(name, Line::Pairs(pairs.clone()), place);
        pairs
    }

    pub fn switch(&mut self, name: &'static str) -> Option<bool> {
        let (Value::Switch(value), place) = self.given.get(name)? else { return None };
        let (value, place) = (*value, place.clone());
        self.note(name, Line::Plain(value.to_string()), place);
        Some(value)
    }

    pub fn number(&mut self, name: &'static str, other: u64, least: u64, most: u64) -> u64 {
        let said = match self.given.get(name) {
            Some((Value::Number(number), place)) => Some((*number, place.clone())),
            _ => None,
        };
        let (number, place) = said.unwrap_or((other, Place::Default));
        if !(least..=most).contains(&number) {
            self.wrong(name, format!("is {number}, where {least} to {most} is expected"));
        }
        self.note(name, Line::Plain(number.to_string()), place);
        number
    }
}
