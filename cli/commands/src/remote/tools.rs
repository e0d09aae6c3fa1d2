//! `cnpg-mcp tools --url URL`: what a server has.

use std::process::ExitCode;

use clap::ArgMatches;
use rmcp::model::Tool;
use serde_json::{Value, json};

use super::flags::effect_of;
use super::options::Options;
use super::session::Session;
use crate::Running;
use crate::plain::plain;

/// Lists a server's tools.
pub fn run(matches: &ArgMatches) -> Running<'_> {
    Box::pin(list(matches))
}

async fn list(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let tools = super::tools_of(&Session::new(&Options::of(matches)?)?).await?;
    if matches.get_flag("json") {
        let listed: Vec<Value> = tools.iter().map(described).collect();
        println!("{}", serde_json::to_string_pretty(&listed)?);
    } else {
        let width = tools.iter().map(|tool| tool.name.len()).max().unwrap_or_default();
        for tool in &tools {
            let (name, effect) = (plain(&tool.name), effect_of(tool).as_str());
            println!("{name:width$}  {effect:7}  {}", plain(&title(tool)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn title(tool: &Tool) -> String {
    tool.title.clone().or_else(|| tool.annotations.as_ref()?.title.clone()).unwrap_or_default()
}

fn described(tool: &Tool) -> Value {
    json!({
        "name": tool.name,
        "title": title(tool),
        "description": tool.description,
        "effect": effect_of(tool).as_str(),
        "idempotent": tool.annotations.as_ref().and_then(|hints| hints.idempotent_hint).unwrap_or_default(),
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
    })
}
