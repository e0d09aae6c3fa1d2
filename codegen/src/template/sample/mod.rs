//! What a template gives on samples of its types, looked at before any call does.
//!
//! minijinja renders it with the settings of the runtime and stand-ins of the vocabulary ([`vocabulary`]).
//! Marks in the text ([`marks`]) tell from which line of which file each line of the result came.

mod marks;
mod value;
mod vocabulary;

use std::collections::BTreeMap;

use minijinja::{Environment, Template, Value};

use super::layout::{self, Line};
use crate::diagnostic::{Code, Sink};
use crate::expression::parse_template;
use crate::load::Text;
use crate::source::Span;
use marks::Marks;

pub use value::{Kind, Maker};
pub use vocabulary::environment;

/// Characters that an answer may have (`cnpg_mcp_runtime::budget::LIMIT`; a test holds the two together).
pub const LIMIT: usize = 25_000;

/// Renders templates on samples. Made once for all tools: the partials are parsed once.
pub struct Sampler<'a> {
    environment: Environment<'static>,
    partials: &'a BTreeMap<String, Text>,
    /// Those of the partials.
    marks: Marks,
}

impl std::fmt::Debug for Sampler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampler").finish_non_exhaustive()
    }
}

impl<'a> Sampler<'a> {
    /// With the partials that answers include. What is wrong with one is said where it is parsed.
    #[must_use]
    pub fn new(partials: &'a BTreeMap<String, Text>) -> Self {
        let mut environment = environment();
        let mut marks = Marks::default();
        for (name, text) in partials {
            if let Some(statements) = parse_template(text, &mut Sink::default()) {
                let marked = marks.put(text, &statements);
                // One that cannot be added is not there for templates that include it: they fail, and say so.
                let _ = environment.add_template_owned(name.clone(), marked);
            }
        }
        Self { environment, partials, marks }
    }

    /// Looks at what a sound template gives for each sample: fences, tables, size.
    pub fn look(&self, text: &Text, samples: &[(Kind, Value)], sink: &mut Sink) {
        let Some(statements) = parse_template(text, &mut Sink::default()) else { return };
        let mut marks = Marks::after(&self.marks);
        let marked = marks.put(text, &statements);
        match self.environment.template_from_named_str(ANSWER, &marked) {
            Ok(template) => self.try_all(&template, &marks, text, samples, sink),
            Err(error) => self.fails(&error, text, sink),
        }
    }

    /// As [`Sampler::look`], at a partial that stands for itself.
    pub fn look_at_partial(&self, name: &str, text: &Text, samples: &[(Kind, Value)], sink: &mut Sink) {
        match self.environment.get_template(name) {
            Ok(template) => self.try_all(&template, &self.marks, text, samples, sink),
            Err(error) => self.fails(&error, text, sink),
        }
    }

    fn try_all(
        &self,
        template: &Template<'_, '_>,
        marks: &Marks,
        text: &Text,
        samples: &[(Kind, Value)],
        sink: &mut Sink,
    ) {
        for (kind, sample) in samples {
            let rendered = match template.render(sample) {
                Ok(rendered) => rendered,
                Err(error) => return self.fails(&error, text, sink),
            };
            let lines = marks.lines(&self.marks, &rendered, text.span);
            let before = sink.mark();
            layout::check(&lines, sink);
            size(*kind, &lines, sink);
            if sink.mark() > before {
                // The other samples would say the same of the same lines.
                return;
            }
        }
    }

    fn fails(&self, error: &minijinja::Error, text: &Text, sink: &mut Sink) {
        let line = error.line().unwrap_or(1);
        let place = match error.name() {
            Some(ANSWER) | None => marks::line_of(text, line),
            Some(partial) => self.partials.get(partial).map_or(text.span, |text| marks::line_of(text, line)),
        };
        let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        sink.warning(Code::TemplateFails, place, format!("this fails for some values: {reason}"))
            .note("it was tried with values that the types allow; the answer would be the bare output")
            .help("ask for that case by `{% if %}` before");
    }
}

/// Name of the template that is looked at.
const ANSWER: &str = "answer";

/// What is always there, and one item of each list, must fit: the runtime cuts lists to one item at most.
fn size(kind: Kind, lines: &[Line], sink: &mut Sink) {
    let length: usize = lines.iter().map(|line| line.text.chars().count() + 1).sum();
    if length <= LIMIT || kind == Kind::Several {
        return;
    }
    let mut by_place: BTreeMap<Span, usize> = BTreeMap::new();
    for line in lines {
        *by_place.entry(line.place).or_default() += line.text.chars().count() + 1;
    }
    let Some((place, most)) = by_place.into_iter().max_by_key(|(place, most)| (*most, std::cmp::Reverse(*place)))
    else {
        return;
    };
    let diagnostic = match kind {
        Kind::Bare => {
            sink.error(Code::OverBudget, place, format!("what is fixed in this template has {length} characters"))
        }
        _ => sink.warning(
            Code::OverBudget,
            place,
            format!("with one item in each list this template can give {length} characters"),
        ),
    };
    diagnostic
        .label(format!("{most} of them"))
        .note(format!(
            "an answer has {LIMIT} at most: lists are cut to one item and long texts of the output shortened, what is beyond is cut off"
        ));
    match kind {
        Kind::Bare => diagnostic.help("shorten it"),
        _ => diagnostic.help("give the parameters that it prints a `max_length`, or print less of each item"),
    };
}
