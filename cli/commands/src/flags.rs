//! Flags made from what a tool says of its parameters.

use std::io::BufRead as _;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};
use cnpg_mcp_runtime::arguments::expectation;
use cnpg_mcp_runtime::tool::{Arguments, Effect, ParamInfo, Rule, ToolInfo};
use serde_json::Value;

/// Heading of a tool's parameters in its help.
pub const HEADING: &str = "Parameters";

/// A command for a tool: one flag for each parameter.
pub fn command(tool: &'static ToolInfo) -> Command {
    Command::new(tool.name)
        .about(tool.title)
        .long_about(format!("{}\n\n{}", tool.about.trim_end(), effect_in_words(tool.effect)))
        .max_term_width(100)
        .args(tool.params.iter().map(flag))
}

/// A sentence for the end of a tool's help.
pub fn effect_in_words(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "It only reads.",
        Effect::Write => "It writes.",
        Effect::Destroy => "It destroys.",
    }
}

/// The arguments that were passed. What does not look like the parameter's type is passed on as text, so
/// that the tool's own check says what is wrong with it.
pub fn arguments(tool: &'static ToolInfo, matches: &ArgMatches) -> anyhow::Result<Arguments> {
    let mut arguments = Arguments::new();
    for param in tool.params {
        let Some(values) = matches.get_many::<String>(param.name) else { continue };
        let mut values: Vec<String> = values.cloned().collect();
        let value = if matches!(param.rule, Rule::TextList(_)) {
            Value::from(values)
        } else {
            let text = values.pop().unwrap_or_default();
            let text = if param.secret && text == "-" { read_line(param.name)? } else { text };
            typed(&param.rule, text)
        };
        arguments.insert(param.name.to_owned(), value);
    }
    Ok(arguments)
}

fn flag(param: &'static ParamInfo) -> Arg {
    let dashed = param.name.replace('_', "-");
    let mut help = format!("{} [{}", param.about.trim_end(), expectation(&param.rule).replace('`', ""));
    if let Some(default) = param.default {
        let default = default.to_value();
        help.push_str("; default ");
        help.push_str(&default.as_str().map_or_else(|| default.to_string(), str::to_owned));
    }
    help.push(']');
    if param.secret {
        help.push_str(" `-` reads it from standard input.");
    }
    let flag = Arg::new(param.name)
        .help_heading(HEADING)
        .required(param.required)
        .help(help)
        .value_name(value_name(&param.rule));
    let flag = if dashed == param.name { flag } else { flag.alias(param.name) };
    match param.rule {
        Rule::Bool => flag.num_args(0..=1).default_missing_value("true"),
        Rule::TextList(_) => flag.action(ArgAction::Append),
        // Bounds are the tool's to check, negative numbers too.
        _ => flag.allow_hyphen_values(true),
    }
    .long(dashed)
}

fn value_name(rule: &Rule) -> String {
    match rule {
        Rule::Bool => String::from("true|false"),
        Rule::Int { .. } | Rule::Float { .. } => String::from("NUMBER"),
        Rule::Enum(words) => words.join("|"),
        Rule::Quantity => String::from("QUANTITY"),
        Rule::Text(_) | Rule::TextList(_) => String::from("TEXT"),
    }
}

fn typed(rule: &Rule, text: String) -> Value {
    match rule {
        Rule::Bool => text.parse::<bool>().map(Value::from).ok(),
        Rule::Int { .. } => text.parse::<i64>().map(Value::from).ok(),
        Rule::Float { .. } => text.parse::<f64>().map(Value::from).ok(),
        _ => None,
    }
    .unwrap_or(Value::String(text))
}

/// A value that must not stand in a process list.
pub fn read_line(name: &str) -> anyhow::Result<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.with_context(|| format!("`{name}` could not be read from standard input"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
