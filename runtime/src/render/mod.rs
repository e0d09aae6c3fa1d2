//! Markdown answers from the templates of the specs.
//!
//! Templates were checked at build time against the types of what they are given. Here they are rendered
//! with this project's own `default`, `is set` and formatting: minijinja's print `None`, `True` and
//! nothing at all where a value is missing; here bools are `yes` and `no`, printing what is absent is an
//! error, and untrusted text is made safe for Markdown by the formatter, so that no template has to.

pub mod markdown;
mod vocabulary;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use serde_json::Map;
use thiserror::Error;

use crate::time::Time;
use crate::tool::{FOOT_TEMPLATE, Outcome, ToolInfo};

/// A template that cannot be loaded or rendered: codegen and runtime disagree.
#[derive(Debug, Error)]
pub enum RenderError {
    /// There is no template for this outcome.
    #[error("tool `{tool}` has no template for the outcome `{outcome}`")]
    NoTemplate {
        /// The tool.
        tool: &'static str,
        /// The outcome.
        outcome: Outcome,
    },
    /// minijinja refuses the template or its values. Its message names template and line.
    #[error("{0}")]
    Template(#[from] Error),
}

/// What a template is given.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Parameters that are not secret, literal and computed defaults filled in.
    pub params: &'a Map<String, serde_json::Value>,
    /// The structured output.
    pub output: &'a serde_json::Value,
    /// Warnings, as Markdown sentences of this server.
    pub warnings: &'a [String],
    /// How the call ended.
    pub outcome: Outcome,
    /// The call's clock.
    pub now: Time,
    /// The namespace that unset parameters stand for.
    pub current_namespace: &'a str,
    /// Where images come from.
    pub image_registry: &'a str,
}

/// The templates of all tools, parsed once.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Parses templates given by name and source.
    ///
    /// # Errors
    /// Where one is no valid template.
    pub fn new(sources: &'static [(&'static str, &'static str)]) -> Result<Self, RenderError> {
        let mut environment = Environment::empty();
        environment.set_syntax(
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
        );
        // Optional values chain, and absent lists are empty; the formatter refuses to print what is absent.
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(format);
        vocabulary::add_to(&mut environment);
        for (name, source) in sources {
            environment.add_template(name, source)?;
        }
        Ok(Self { environment })
    }

    /// Whether there is a template of that name.
    pub fn has(&self, name: &str) -> bool {
        self.environment.get_template(name).is_ok()
    }

    /// The answer of a tool: its template for the outcome, and the foot.
    ///
    /// # Errors
    /// Where the tool has no template for the outcome, or one fails.
    pub fn answer(&self, tool: &'static ToolInfo, scene: &Scene<'_>) -> Result<String, RenderError> {
        let name = tool
            .answer_template(scene.outcome)
            .filter(|name| self.has(name))
            .ok_or(RenderError::NoTemplate { tool: tool.name, outcome: scene.outcome })?;
        let mut text = self.render(name, scene)?;
        if self.has(FOOT_TEMPLATE) {
            let foot = self.render(FOOT_TEMPLATE, scene)?;
            if !foot.is_empty() {
                text.push_str("\n\n");
                text.push_str(&foot);
            }
        }
        Ok(text)
    }

    /// One template, tidied: no blank lines at either end.
    ///
    /// # Errors
    /// Where the template is not there or fails.
    pub fn render(&self, name: &str, scene: &Scene<'_>) -> Result<String, RenderError> {
        let text = self.environment.get_template(name)?.render(context(scene))?;
        Ok(markdown::tidy(&text))
    }
}

fn context(scene: &Scene<'_>) -> Value {
    let warnings =
        scene.warnings.iter().map(|warning| Value::from_safe_string(markdown::sentence(warning).into_owned()));
    let own = [
        ("output", without_nulls(scene.output)),
        ("warnings", warnings.collect()),
        ("outcome", Value::from(scene.outcome.as_str())),
        (vocabulary::NOW, Value::from(scene.now.to_string())),
        (vocabulary::NAMESPACE, Value::from(scene.current_namespace)),
        (vocabulary::IMAGE_REGISTRY, Value::from(scene.image_registry)),
    ];
    let params = scene.params.iter().map(|(name, value)| (name.clone(), without_nulls(value)));
    Value::from_pairs(params.chain(own.map(|(name, value)| (name.to_owned(), value))))
}

/// JSON null is absent.
fn without_nulls(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::UNDEFINED,
        serde_json::Value::Array(items) => items.iter().map(without_nulls).collect(),
        serde_json::Value::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| !value.is_null());
            Value::from_pairs(present.map(|(name, value)| (name.clone(), without_nulls(value))))
        }
        scalar => Value::from(Serde(scalar)),
    }
}

fn format(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let written = match value.kind() {
        ValueKind::Bool => output.write_str(if value.is_true() { "yes" } else { "no" }),
        ValueKind::Number => output.write_str(&value.to_string()),
        ValueKind::String if value.is_safe() => output.write_str(value.as_str().unwrap_or_default()),
        ValueKind::String => output.write_str(&markdown::inline(value.as_str().unwrap_or_default())),
        ValueKind::Undefined | ValueKind::None => {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                format!("a value that is absent is printed in `{}`", state.name()),
            ));
        }
        other => return Err(Error::new(ErrorKind::InvalidOperation, format!("a {other} cannot be printed"))),
    };
    written.map_err(Error::from)
}
