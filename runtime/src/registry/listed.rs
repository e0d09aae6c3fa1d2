//! A tool in the registry, with everything parsed that calls need.

use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::arguments;
use crate::render::{RenderError, Templates};
use crate::tool::{Outcome, Rule, Tool, ToolInfo};

/// Tools and templates do not fit together.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// A template cannot be parsed.
    #[error("a template cannot be parsed: {0}")]
    Template(RenderError),
    /// Two tools have one name.
    #[error("there are two tools named `{tool}`")]
    Twice {
        /// The name.
        tool: &'static str,
    },
    /// A schema is no JSON object.
    #[error("the {which} schema of `{tool}` is no JSON object: {error}")]
    Schema {
        /// The tool.
        tool: &'static str,
        /// `input` or `output`.
        which: &'static str,
        /// Why not.
        error: serde_json::Error,
    },
    /// A pattern cannot be compiled.
    #[error("the pattern of parameter `{param}` of `{tool}` cannot be compiled: {error}")]
    Pattern {
        /// The tool.
        tool: &'static str,
        /// The parameter.
        param: &'static str,
        /// Why not.
        error: Box<regex::Error>,
    },
    /// A template is named and not there.
    #[error("`{tool}` names the template `{template}`, which is not there")]
    NoTemplate {
        /// The tool.
        tool: &'static str,
        /// The template.
        template: &'static str,
    },
}

/// A tool with its schemas parsed.
#[derive(Debug)]
pub struct Listed {
    /// What it says of itself.
    pub info: &'static ToolInfo,
    /// JSON Schema of the arguments.
    pub input_schema: Arc<Map<String, Value>>,
    /// JSON Schema of the structured output.
    pub output_schema: Arc<Map<String, Value>>,
    pub(super) tool: Tool,
}

impl Listed {
    /// Parses and checks what belongs to a tool.
    pub(super) fn new(tool: Tool, templates: &Templates) -> Result<Self, RegistryError> {
        let info = tool.info;
        let schema = |which, text: &str| {
            serde_json::from_str(text).map(Arc::new).map_err(|error| RegistryError::Schema {
                tool: info.name,
                which,
                error,
            })
        };
        for param in info.params {
            if let Rule::Text(rule) | Rule::TextList(rule) = &param.rule
                && let Some(source) = rule.pattern
            {
                arguments::pattern(source).map_err(|error| RegistryError::Pattern {
                    tool: info.name,
                    param: param.name,
                    error,
                })?;
            }
        }
        let named = info
            .answers
            .iter()
            .map(|(_, name)| *name)
            .chain(info.confirm_plan)
            .chain(info.answer_template(Outcome::Done));
        if let Some(template) = named.into_iter().find(|name| !templates.has(name)) {
            return Err(RegistryError::NoTemplate { tool: info.name, template });
        }
        Ok(Self {
            info,
            input_schema: schema("input", info.input_schema)?,
            output_schema: schema("output", info.output_schema)?,
            tool,
        })
    }

    /// Fields of the output schema.
    pub(super) fn output_fields(&self) -> Option<&Map<String, Value>> {
        self.output_schema.get("properties").and_then(Value::as_object)
    }
}
