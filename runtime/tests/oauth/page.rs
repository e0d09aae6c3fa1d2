//! The consent page in a real browser (Chromium).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::parameter;
use crate::program::Program;
use crate::world::{Replica, World};

/// Where the client listens, on a port that it chooses when it runs.
const REDIRECT: &str = "http://127.0.0.1/callback";

/// Lets the browser do something, and gives what it saw.
async fn browser(task: &str, replica: &Replica, program: &Program, screenshots: Option<&str>) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser/node");
    assert!(folder.join("node_modules/playwright-core").exists(), "run tests/browser/install.sh first");
    let work = json!({ "task": task, "link": program.link(replica), "screenshots": screenshots });
    let mut command = Command::new(node());
    command.arg(folder.join("consent.js")).arg(work.to_string());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The Node.js of the tests' clients, where it is installed.
pub fn node() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/node/node_modules/.bin/node");
    if installed.exists() { installed } else { PathBuf::from("node") }
}

async fn begun(name: &str, scopes: bool) -> (World, Replica, Program) {
    let mut world = World::new().await;
    if scopes {
        world.set("require_scopes", "true");
        world.set("branding.name", "Example Databases");
        world.set("branding.logo", "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA4IDgiPjxjaXJjbGUgY3g9IjQiIGN5PSI0IiByPSI0Ii8+PC9zdmc+");
    }
    let replica = world.replica().await;
    let program = Program::register_with(&replica, name, REDIRECT).await;
    (world, replica, program)
}

#[tokio::test]
async fn a_person_logs_in_by_keyboard_alone_without_scripts() {
    let (_world, replica, mut program) = begun("Example Editor", false).await;
    let seen = browser("log_in", &replica, &program, None).await;
    assert!(seen["heading"].as_str().unwrap().contains("Example Editor"), "{seen}");
    assert_eq!(seen["order"], json!(["Allow", "Deny"]), "in the order in which they are read");
    let end = seen["end"].as_str().unwrap();
    let code = parameter(end, "code").unwrap_or_else(|| panic!("{end}"));
    program.redirect = seen["redirect"].as_str().unwrap().to_owned();
    assert_eq!(program.redeem(&replica, &code).await.status, 200);
    let kinds: Vec<&Value> = seen["requests"].as_array().unwrap().iter().map(|request| &request["kind"]).collect();
    assert!(kinds.iter().all(|kind| *kind == "document"), "nothing is loaded besides: {seen}");
    let cookies = seen["cookies"].as_array().unwrap();
    assert!(cookies.iter().any(|cookie| cookie["name"] == "__Host-cnpg-mcp-browser"), "{seen}");
    assert!(cookies.iter().all(|cookie| cookie["httpOnly"] == true && cookie["sameSite"] == "Lax"), "{seen}");
    assert_eq!(seen["errors"], json!([]));
}

#[tokio::test]
async fn the_page_is_accessible_in_light_and_dark_whatever_a_client_calls_itself() {
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    for (name, scopes) in [("Claude", false), (hostile, true), (&"W".repeat(300), true), (" ", true)] {
        let (_world, replica, program) = begun(name, scopes).await;
        let seen = browser("look", &replica, &program, std::env::var("SCREENSHOTS").ok().as_deref()).await;
        assert_eq!(seen, json!({ "found": [], "dialogs": 0, "wider": false }), "{name}");
    }
}

#[tokio::test]
async fn nobody_frames_the_page() {
    let (_world, replica, program) = begun("Claude", false).await;
    let seen = browser("frame", &replica, &program, None).await;
    assert_eq!(seen["shown"], 1, "by itself it is shown: {seen}");
    assert_eq!(seen["framed"], 0, "{seen}");
    assert!(seen["url"].as_str().unwrap().starts_with("chrome-error:"), "{seen}");
}
