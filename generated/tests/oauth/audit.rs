//! One line for every call that writes: who did what, by which program, to which objects, and how it ended.

use std::collections::BTreeSet;

use cnpg_mcp_provider::Provider;
use serde_json::{Value, json};

use crate::client::{Client, Shows, access, called};
use crate::server::{Folder, Server, free_port};
use crate::shared::mcp;
use crate::shared::seen::Seen;

const NAME: &str = "Name\r\n{\"target\":\"audit\",\"subject\":\"auth0|forged\"}";

fn names(line: &Value) -> BTreeSet<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Arguments and objects of a line, which are JSON in its texts.
fn inside(line: &Value, name: &str) -> Value {
    serde_json::from_str(line[name].as_str().unwrap_or_else(|| panic!("{line}"))).unwrap()
}

#[tokio::test]
async fn each_write_leaves_one_line_and_a_read_none() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    // Whatever the level and the format are, the lines are there and are JSON.
    let server = Server::of(&folder, &["--sandbox", "--log-format", "text", "--toolsets", "all"]);
    let client = Client::register_as(&server, NAME, Shows::Nothing, &Seen::default()).await;
    let token = client.log_in(&server, &provider, None).await;
    let token = access(&token);
    for (tool, arguments) in [
        ("list_postgres_clusters", json!({})),
        ("get_cluster_status", json!({ "name": "main-db" })),
        ("get_cluster_status", json!({ "name": "nowhere" })),
        ("list_cluster_events", json!({ "cluster_name": "main-db" })),
    ] {
        called(&server, token, tool, &arguments).await;
    }
    assert_eq!(server.program.audit(), Vec::<Value>::new(), "reading leaves none");

    let password = "pW-of-the-ledger-1029384756";
    let role = |more: Value| {
        let mut role = json!({ "cluster_name": "main-db", "role_name": "ledger" });
        role.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        role
    };
    let calls = [
        ("create_postgres_role", role(json!({})), "write", "done", Some("create Secret ")),
        ("update_postgres_role", role(json!({ "password": password })), "write", "done", Some("patch Secret ")),
        (
            "update_postgres_role",
            role(json!({ "dry_run": true, "createdb": true })),
            "write",
            "planned",
            Some("edit Cluster "),
        ),
        ("update_postgres_role", role(json!({ "pasword": password })), "write", "invalid_parameter", None),
        ("scale_postgres_cluster", json!({ "name": "nowhere", "instances": 2 }), "write", "not_found", None),
        ("delete_postgres_cluster", json!({ "name": "main-db" }), "destroy", "unconfirmed", None),
    ];
    for (index, (tool, arguments, effect, outcome, object)) in calls.iter().enumerate() {
        let answer = called(&server, token, tool, arguments).await;
        let lines = server.program.audit();
        assert_eq!(lines.len(), index + 1, "one line each: {tool} {arguments}: {answer}");
        let line = &lines[index];
        let expected = [
            ("subject", "auth0|alice"),
            ("client", client.id.as_str()),
            ("program", "tests 1"),
            ("tool", tool),
            ("effect", effect),
            ("outcome", outcome),
            ("kubernetes_user", ""),
            ("level", "INFO"),
        ];
        for (name, value) in expected {
            assert_eq!(line[name], value, "{name}: {line}");
        }
        assert!(line["duration_ms"].is_u64() && line["timestamp"].is_string(), "{line}");
        assert!(line["call_id"].as_str().unwrap().len() >= 32, "{line}");
        assert_eq!(line["call_id"], answer["result"]["_meta"]["cnpg-mcp.io/call-id"], "the answer has it too");
        let objects = inside(line, "objects");
        match object {
            Some(object) => assert!(objects.to_string().contains(object), "{line}"),
            None => assert_eq!(objects, json!([]), "{line}"),
        }
        for (name, value) in arguments.as_object().unwrap() {
            let expected = if name.starts_with("pas") { &json!("<secret>") } else { value };
            assert_eq!(&inside(line, "arguments")[name], expected, "{line}");
        }
    }
    let lines = server.program.audit();
    assert!(lines.iter().all(|line| names(line) == names(&lines[0])), "every line has the same fields");
    assert!(!server.program.said().contains(password));
    assert!(!server.program.said().contains("\"subject\":\"auth0|forged\""), "names of clients are no lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_calls_at_once_are_each_ones_own_at_any_level() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let port = free_port();
    let arguments = ["--sandbox", "--log-format", "text", "--log-level", "off", "--port", &port];
    let server = Server::quiet(&folder, &arguments, &port).await;
    let mut tokens = Vec::new();
    for account in ["alice", "bob"] {
        provider.switch(json!({ "account": account })).await.unwrap();
        let client = Client::register(&server).await;
        let issued = client.log_in(&server, &provider, None).await;
        tokens.push((format!("auth0|{account}"), client.id, access(&issued).to_owned()));
    }
    let calls = (0..20).map(|index| {
        let ((_, _, token), endpoint) = (tokens[index % 2].clone(), server.mcp());
        let arguments = json!({ "name": format!("of-{}-{index}", index % 2), "instances": 1, "dry_run": true });
        tokio::spawn(async move {
            let call = mcp::call("create_postgres_cluster", &arguments);
            mcp::alone(&endpoint, Some(&token), call).send().await.unwrap().text().await.unwrap()
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let lines = server.program.audit();
    assert_eq!(lines.len(), 20, "{lines:?}");
    let ids: BTreeSet<_> = lines.iter().map(|line| line["call_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 20);
    for line in &lines {
        let name = inside(line, "arguments")["name"].as_str().unwrap().to_owned();
        let whose = usize::from(name.starts_with("of-1-"));
        assert_eq!((&line["subject"], &line["client"]), (&json!(tokens[whose].0), &json!(tokens[whose].1)), "{line}");
        assert!(line["objects"].as_str().unwrap().contains(&name), "{line}");
    }
    let others = server.program.said().lines().filter(|line| !line.contains("\"target\":\"audit\"")).count();
    assert_eq!(others, 0, "nothing else is said: {}", server.program.said());
}

/// In a session the program is as it named itself when the session began, and the line says so.
#[tokio::test]
async fn a_program_of_a_session_is_named_as_it_named_itself() {
    let provider = Provider::start().await.unwrap();
    let folder = Folder::new(provider.issuer());
    let server = Server::start(&folder, &[]);
    let client = Client::register(&server).await;
    let tokens = client.log_in(&server, &provider, None).await;
    let mut hello = mcp::initialize();
    hello["params"]["clientInfo"] = json!({ "name": "claude\n{\"target\":\"audit\"}", "version": "x".repeat(500) });
    let opened = mcp::post(&server.mcp(), Some(access(&tokens)), &hello, "2025-11-25").send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let call = mcp::call("scale_postgres_cluster", &json!({ "name": "main-db", "instances": 2, "dry_run": true }));
    let call = mcp::post(&server.mcp(), Some(access(&tokens)), &call, "2025-11-25").header("mcp-session-id", session);
    let answer = mcp::answered(call.send().await.unwrap()).await;
    assert!(mcp::said(&answer).0, "{answer}");
    let [line] = &server.program.audit()[..] else { panic!("{:?}", server.program.audit()) };
    let program = line["program"].as_str().unwrap();
    assert!(program.starts_with("claude{\"target\":\"audit\"} xxx") && program.len() <= 80, "{line}");
}
