//! Clients that this project did not write log in: each lists and calls, refreshes after its access token has expired
//! without asking anybody, and has to log in again once its session was revoked.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::page::node;
use crate::program::post;
use crate::refreshing::revoked_at_the_provider;
use crate::world::{Replica, World};

/// How long an access token lives here.
const LIFE: Duration = Duration::from_secs(1);

/// After that time it has expired for every clock: five seconds of difference are forgiven.
const EXPIRED: Duration = Duration::from_secs(7);

/// Where clients are installed.
fn tools() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools");
    assert!(tools.join("node.stamp").exists(), "run tests/clients/install.sh first");
    tools.canonicalize().unwrap()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/login").join(name).canonicalize().unwrap()
}

async fn begun() -> (World, Replica) {
    let mut world = World::new().await;
    world.times.access_token = LIFE;
    let replica = world.replica().await;
    (world, replica)
}

async fn run(command: &mut Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A client that plays everything by itself, and whose last word is `ok`.
async fn plays(client: &str, command: impl FnOnce(&Replica) -> Command) {
    let (world, replica) = begun().await;
    let output = run(&mut command(&replica)).await;
    assert!(output.status.success() && output.stdout.ends_with(b"ok\n"), "{client}: {}", said(&output));
    revoked_at_the_provider(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_with_and_without_sessions_and_fastmcp() {
    let python = |client: &'static str| {
        plays(client, move |replica| {
            let mut command = Command::new(tools().join("python/bin/python"));
            command.arg(script("sdk.py")).args(["--client", client, "--url", replica.proxy.resource()]);
            command.args(["--expiry", &EXPIRED.as_secs().to_string(), "--node"]).arg(node());
            command
        })
    };
    futures::join!(python("legacy"), python("auto"), python("fastmcp"));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_typescript_sdks_and_mcp_remote() {
    let typescript = |client: &'static str| {
        plays(client, move |replica| {
            let mut command = Command::new(node());
            command.arg(script("sdk.mjs")).args([client, replica.proxy.resource(), &EXPIRED.as_secs().to_string()]);
            command.arg(tools().join("node"));
            command
        })
    };
    futures::join!(typescript("v1"), typescript("v2"), typescript("remote"));
}

/// MCP Inspector's command line keeps its login in a home of its own.
#[tokio::test(flavor = "multi_thread")]
async fn inspector() {
    let (world, replica) = begun().await;
    let home = tempfile::tempdir().unwrap();
    let opened = home.path().join("opened");
    let browser = home.path().join("xdg-open");
    let node = node();
    let person = script("person.mjs");
    let text = format!(
        "#!/bin/sh\necho login >> '{}'\nexec '{}' '{}' \"$1\"\n",
        opened.display(),
        node.display(),
        person.display()
    );
    std::fs::write(&browser, text).unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = format!("{}:{}", home.path().display(), std::env::var("PATH").unwrap());
    let inspect = async |arguments: &[&str]| {
        let mut command = Command::new(&node);
        command.arg(tools().join("node/node_modules/.bin/mcp-inspector")).args(["--cli", replica.proxy.resource()]);
        command.args(["--callback-url", &format!("http://127.0.0.1:{port}/oauth/callback")]).args(arguments);
        command.env("HOME", home.path()).env("PATH", &path).env("BROWSER", &browser).stdin(Stdio::null());
        run(command.env("MCP_AUTO_OPEN_ENABLED", "true").env("MCP_INSPECTOR_SECRET_STORE", "file")).await
    };
    let good = async |arguments: &[&str], expected: &str| {
        let output = inspect(arguments).await;
        assert!(output.status.success() && said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    };
    let logins = || std::fs::read_to_string(&opened).unwrap().lines().count();
    let list = ["--method", "tools/list"];
    let call = ["--stored-auth-only", "--method", "tools/call", "--tool-name", "echo_role"];
    let call = [&call[..], &["--tool-arg", "role_name=app_user"]].concat();
    good(&list, "echo_role").await;
    tokio::time::sleep(EXPIRED).await;
    good(&call, "app_user").await;
    assert_eq!(logins(), 1, "nobody was asked again");
    let tokens = kept(home.path());
    let client = client_of(tokens["access_token"].as_str().unwrap());
    let form = [("client_id", client.as_str()), ("token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(post(&replica.url("/revoke"), &form).await.status, 200);
    revoked_at_the_provider(&world).await;
    assert!(!inspect(&call).await.status.success(), "after revocation somebody has to log in");
    good(&list, "echo_role").await;
    assert_eq!(logins(), 2);
}

/// The tokens that Inspector keeps: JSON in a value of its file of secrets.
fn kept(home: &Path) -> Value {
    let text = std::fs::read_to_string(home.join(".mcp-inspector/secrets.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let secrets = file["secrets"].as_object().unwrap();
    let tokens = secrets.values().find_map(|secret| secret.as_str().filter(|text| text.contains("refresh_token")));
    serde_json::from_str(tokens.unwrap_or_else(|| panic!("{:?}", secrets.keys()))).unwrap()
}

/// The client that an access token was issued to.
fn client_of(access: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["client_id"].as_str().unwrap().to_owned()
}
