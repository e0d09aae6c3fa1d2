//! MCP's own conformance suite, its scenarios for authorization servers.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::browser::{Browser, http};
use crate::page::node;
use crate::program::Program;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_scenarios_for_authorization_servers_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/node/node_modules");
    let suite = folder.join("@modelcontextprotocol/conformance/dist/index.js");
    assert!(suite.exists(), "run tests/conformance/install.sh first");
    let mut world = World::new().await;
    let replica = world.replica().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let program = Program::register_with(&replica, "Suite", &format!("http://127.0.0.1:{port}/callback")).await;
    let mut command = Command::new(node());
    command.arg(suite).args(["authorization", "--url", &replica.public_url, "--client-id", &program.id]);
    command.args(["--port", &port, "--resource", replica.proxy.resource()]);
    let mut child = command.env("NO_COLOR", "1").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    // It prints the link that a person would open, and waits for the browser to come back.
    let (printed, mut output) = tokio::task::spawn_blocking(move || {
        let mut printed = String::new();
        while !printed.contains("/authorize?") || !printed.contains("Waiting") {
            assert!(output.read_line(&mut printed).unwrap() > 0, "{printed}");
        }
        (printed, output)
    })
    .await
    .unwrap();
    let link = printed.split_whitespace().find(|word| word.contains("/authorize?")).unwrap();
    let back = Browser::default().log_in(&world, &[&replica], link).await;
    assert_eq!(http().get(back).send().await.unwrap().status(), 200);
    let (rest, passed) = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        while output.read_line(&mut rest).unwrap() > 0 {}
        (rest, child.wait().unwrap().success())
    })
    .await
    .unwrap();
    let said = format!("{printed}{rest}");
    // Checks that it skips count as neither; so the number of those that passed is held too.
    assert!(passed && said.contains("Total: 3 passed, 0 failed"), "{said}");
}
