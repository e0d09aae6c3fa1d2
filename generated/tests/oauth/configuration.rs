//! How the server is configured, and what it says of it.

use std::io::Read as _;
use std::process::Output;

use cnpg_mcp_provider::CLIENT_SECRET;

use crate::server::{Folder, ROOT_KEY};

#[test]
fn the_configuration_is_checked_and_shown_without_secrets() {
    let folder = Folder::new("https://issuer.example/");
    let mut command =
        folder.command(&["--check-config", "--host", "0.0.0.0", "--public-url", "https://mcp.example.com"]);
    let Output { status, stdout, stderr } =
        command.env("CNPG_MCP_SESSION_STORE", "redis://:hunter2@redis:6379").output().unwrap();
    let (shown, said) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{said}");
    assert!(shown.contains("public_url: \"https://mcp.example.com\"  # --public-url"), "{shown}");
    assert!(shown.contains("oidc.yaml:1:9"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains(CLIENT_SECRET) && !shown.contains(ROOT_KEY), "{shown}");
}

#[test]
fn what_is_wrong_stops_the_start_with_its_place() {
    let folder = Folder::new("https://issuer.example/");
    let text = std::fs::read_to_string(folder.path("oidc.yaml")).unwrap().replace("audience", "audiense");
    let text = text.lines().filter(|line| !line.starts_with("signing")).collect::<Vec<_>>().join("\n");
    folder.write("oidc.yaml", &text);
    for arguments in [&["--host", "0.0.0.0", "--port", "0"][..], &["--host", "0.0.0.0", "--check-config"]] {
        let mut child = folder.command(arguments).spawn().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
        for problem in [
            "oidc.yaml:2:1: `audiense` is not known (did you mean `audience`?)",
            "`audience` is missing",
            "`public_url` is missing",
            "`signing_key_file` is missing",
        ] {
            assert!(said.contains(problem), "{problem}: {said}");
        }
    }
}
