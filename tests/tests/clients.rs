//! Clients that this project did not write play against the real server, over both transports and both lifecycles.

use std::path::PathBuf;
use std::process::Command;

use cnpg_mcp_sandbox::Sandbox;
use cnpg_mcp_tests::binary;
use cnpg_mcp_tests::server::{Server, kubeconfig_file, text};
use cnpg_mcp_tests::world::{root, sandbox};
use serde_json::Value;

/// A tool that `make test` installed.
fn tool(path: &str) -> PathBuf {
    let tool = root().join(".tools").join(path);
    assert!(tool.exists(), "{} is missing; run tests/clients/install.sh", tool.display());
    tool
}

/// Runs a command to its end; a failure shows what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}

async fn python_over_http(mode: &str) -> anyhow::Result<()> {
    let sandbox = sandbox().start().await?;
    let server = Server::start(&sandbox, &[]).await?;
    let mut command = Command::new(tool("python/bin/python"));
    command.arg(root().join("tests/clients/python/scenario.py"));
    command.args(["--mode", mode, "--sandbox", sandbox.url(), "--url", &server.endpoint()]);
    println!("{}", tokio::task::spawn_blocking(move || run(&mut command)).await?);
    Ok(())
}

async fn python_over_stdio(mode: &str) -> anyhow::Result<()> {
    let sandbox = sandbox().start().await?;
    let kubeconfig = kubeconfig_file(&sandbox)?;
    let mut command = Command::new(tool("python/bin/python"));
    command.arg(root().join("tests/clients/python/scenario.py"));
    command.args(["--mode", mode, "--sandbox", sandbox.url(), "--command"]);
    command.arg(binary::path("cnpg-mcp-server")).args(["--kubeconfig", text(kubeconfig.path())]);
    println!("{}", tokio::task::spawn_blocking(move || run(&mut command)).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sdk_over_http_with_sessions() -> anyhow::Result<()> {
    python_over_http("legacy").await
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sdk_over_http_stateless() -> anyhow::Result<()> {
    python_over_http("auto").await
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sdk_over_stdio_with_initialize() -> anyhow::Result<()> {
    python_over_stdio("legacy").await
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sdk_over_stdio_stateless() -> anyhow::Result<()> {
    python_over_stdio("auto").await
}

/// Exit code of MCP Inspector where the tool's answer is an error.
const TOOL_ERROR: i32 = 5;

/// MCP Inspector's command line, with the Node.js that it needs.
fn inspector(target: &[&str], arguments: &[&str]) -> Value {
    let mut command = Command::new(tool("node/node_modules/.bin/node"));
    command.arg(tool("node/node_modules/.bin/mcp-inspector")).arg("--cli").args(target).args(arguments);
    let output = command.output().expect("the command starts");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | TOOL_ERROR)),
        "{command:?} ended with {}:\n{stdout}\n{stderr}",
        output.status
    );
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

fn inspect(sandbox: &Sandbox, target: &[&str]) {
    let listed = inspector(target, &["--method", "tools/list"]);
    assert_eq!(listed["tools"].as_array().map(Vec::len), Some(12), "{listed}");
    let call = |tool: &str, arguments: &[&str]| {
        let mut all = vec!["--method", "tools/call", "--tool-name", tool];
        for argument in arguments {
            all.extend(["--tool-arg", argument]);
        }
        inspector(target, &all)
    };
    let status = call("get_cluster_status", &["name=main-db"]);
    assert_eq!(status["structuredContent"]["name"], "main-db", "{status}");
    let role = call("create_postgres_role", &["cluster_name=main-db", "role_name=inspector"]);
    assert_eq!(role["structuredContent"]["outcome"], "done", "{role}");
    let refused = call("get_cluster_status", &["name=no-such-cluster"]);
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(sandbox.snapshot().to_string().contains("inspector"));
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_over_http() -> anyhow::Result<()> {
    let sandbox = sandbox().start().await?;
    let server = Server::start(&sandbox, &[]).await?;
    tokio::task::spawn_blocking(move || inspect(&sandbox, &[&server.endpoint(), "--transport", "http"])).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_over_stdio() -> anyhow::Result<()> {
    let sandbox = sandbox().start().await?;
    tokio::task::spawn_blocking(move || {
        let kubeconfig = kubeconfig_file(&sandbox).expect("a temporary file");
        let server = binary::path("cnpg-mcp-server");
        inspect(&sandbox, &[text(&server), "--kubeconfig", text(kubeconfig.path())]);
    })
    .await?;
    Ok(())
}
