//! MCP's own conformance suite: what its revisions require of servers, all of it. What the suite asks for by name is
//! served by a fixture on the real HTTP stack.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod fixture;
#[path = "../small_tools/mod.rs"]
mod small_tools;

use std::path::Path;
use std::process::Command;

use cnpg_mcp_runtime::transport::http::{Limits, Names, bind};
use tokio_util::sync::CancellationToken;

use crate::fixture::Fixture;

/// Runs what a revision requires, and demands that at least so many checks pass: what is skipped counts for nothing.
async fn conforms(revision: &str, least: usize) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = project.join("tests/conformance");
    let suite = folder.join("node/node_modules/@modelcontextprotocol/conformance/dist/index.js");
    let node = project.join(".tools/node/node_modules/.bin/node");
    assert!(suite.exists(), "run tests/conformance/install.sh first");
    assert!(node.exists(), "run tests/clients/install.sh first");
    let listening = bind("127.0.0.1", 0).await.unwrap();
    let url = listening.url();
    let stop = CancellationToken::new();
    let _stops = stop.clone().drop_guard();
    tokio::spawn(listening.serve(&Fixture::new(), Names::default(), Limits::default(), stop));
    let mut command = Command::new(node);
    command.arg(suite).args(["server", "--requirements", revision, "--url", &url]).env("NO_COLOR", "1");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let total =
        said.split("Total: ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{said}"));
    assert!(total.parse::<usize>().unwrap() >= least, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_2025_11_25_requires() {
    conforms("2025-11-25", 83).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_2026_07_28_requires() {
    conforms("2026-07-28", 156).await;
}
