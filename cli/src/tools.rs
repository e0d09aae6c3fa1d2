//! `cnpg-mcp tools`: what there is.

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command};
use cnpg_mcp_commands::remote;
use cnpg_mcp_runtime::tool::ToolInfo;
use serde_json::{Value, json};

pub fn command() -> Command {
    Command::new("tools")
        .about("List the tools")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, with input and output schemas"))
        .args(remote::options::args())
}

pub async fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    if matches.contains_id("url") {
        return remote::tools::run(matches).await;
    }
    remote::options::no_token_without_server(matches)?;
    let tools: Vec<&ToolInfo> = cnpg_mcp::tools().iter().map(|tool| tool.info).collect();
    if matches.get_flag("json") {
        let listed: Result<Vec<Value>, serde_json::Error> = tools.into_iter().map(described).collect();
        println!("{}", serde_json::to_string_pretty(&listed?)?);
    } else {
        let width = tools.iter().map(|tool| tool.name.len()).max().unwrap_or_default();
        for tool in tools {
            println!("{:width$}  {:7}  {}", tool.name, tool.effect.as_str(), tool.title);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn described(tool: &ToolInfo) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "name": tool.name,
        "title": tool.title,
        "description": tool.about,
        "effect": tool.effect.as_str(),
        "idempotent": tool.idempotent,
        "toolset": tool.toolset,
        "inputSchema": serde_json::from_str::<Value>(tool.input_schema)?,
        "outputSchema": serde_json::from_str::<Value>(tool.output_schema)?,
    }))
}
