//! Configurations of MCP clients, ready to paste.

use std::fmt::Write as _;

use cnpg_mcp_runtime::mcp::SERVER_NAME;
use serde_json::{Value, json};

/// How clients reach the server.
#[derive(Debug, Clone)]
pub enum Reach {
    /// Streamable HTTP at this address.
    Http(String),
    /// Standard input and output of this command.
    Stdio {
        /// The program.
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

/// The text for people: Claude Desktop, Claude Code, MCP Inspector.
pub fn text(reach: &Reach) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = writeln!(text, "Claude Desktop (claude_desktop_config.json):\n\n{}\n", pretty(&desktop(reach)));
    let _ = writeln!(text, "Claude Code:\n\n    {}\n", claude_code(reach));
    let _ = writeln!(text, "MCP Inspector:\n\n    {}", inspector(reach));
    text
}

fn desktop(reach: &Reach) -> Value {
    let server = match reach {
        // Claude Desktop starts programs; `mcp-remote` is one that speaks HTTP.
        Reach::Http(url) => json!({ "command": "npx", "args": ["-y", "mcp-remote", url, "--transport", "http-only"] }),
        Reach::Stdio { command, arguments } => json!({ "command": command, "args": arguments }),
    };
    json!({ "mcpServers": { SERVER_NAME: server } })
}

fn claude_code(reach: &Reach) -> String {
    match reach {
        Reach::Http(url) => format!("claude mcp add --transport http {SERVER_NAME} {url}"),
        Reach::Stdio { command, arguments } => format!("claude mcp add {SERVER_NAME} -- {}", shell(command, arguments)),
    }
}

fn inspector(reach: &Reach) -> String {
    match reach {
        Reach::Http(url) => {
            format!("npx -y @modelcontextprotocol/inspector --cli {url} --transport http --method tools/list")
        }
        Reach::Stdio { command, arguments } => {
            format!("npx -y @modelcontextprotocol/inspector --cli {} --method tools/list", shell(command, arguments))
        }
    }
}

fn shell(command: &str, arguments: &[String]) -> String {
    let plain = |text: &str| {
        !text.is_empty()
            && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character))
    };
    let quoted = |text: &str| if plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) };
    std::iter::once(command).chain(arguments.iter().map(String::as_str)).map(quoted).collect::<Vec<_>>().join(" ")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http() {
        let text = text(&Reach::Http(String::from("http://127.0.0.1:4204/mcp")));
        assert!(text.contains("claude mcp add --transport http cloudnative-pg http://127.0.0.1:4204/mcp"));
        assert!(text.contains("\"mcp-remote\""));
    }

    #[test]
    fn commands_are_quoted_where_they_have_to_be() {
        let reach = Reach::Stdio {
            command: String::from("/opt/my tools/server"),
            arguments: vec![String::from("--sandbox"), String::from("it's")],
        };
        assert!(text(&reach).contains(r"claude mcp add cloudnative-pg -- '/opt/my tools/server' --sandbox 'it'\''s'"));
    }
}
