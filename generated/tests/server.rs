//! The server as a program: its command line, its streams, its end.
// Tests may unwrap, and `json!` makes values that are handed on.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

fn server(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-server"));
    command
        .args(arguments)
        .env_remove("KUBECONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
        command.env_remove(name);
    }
    command
}

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, stdout } = server(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(stdout.is_empty(), "standard output belongs to the protocol");
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A conversation over standard input and output.
struct Conversation {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next: u64,
}

impl Conversation {
    fn open(arguments: &[&str]) -> Self {
        let mut child = server(arguments).spawn().unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut conversation = Self { child, input, output, next: 0 };
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
        let opened = conversation.ask("initialize", params);
        assert_eq!(opened["serverInfo"]["name"], "cloudnative-pg");
        assert_eq!(opened["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        conversation.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        conversation
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    /// The next message; every line of standard output must be one.
    fn read(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "the server ended");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a message: {line}"))
    }

    fn ask_with_progress(&mut self, method: &str, params: Value) -> (Value, Vec<Value>) {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let mut progress = Vec::new();
        loop {
            let message = self.read();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{message}");
                return (message["result"].clone(), progress);
            }
            progress.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.ask_with_progress(method, params).0
    }

    /// The error that a request is answered by.
    fn error(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let message = self.read();
        assert_eq!(message["id"], id, "{message}");
        message["error"].clone()
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Closes standard input; returns the exit code and everything on standard error.
    fn close(mut self) -> (Option<i32>, String) {
        drop(self.input.take());
        let code = end(&mut self.child);
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (code, stderr)
    }
}

/// Waits for the end of a program that should end soon.
fn end(child: &mut Child) -> Option<i32> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if started.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("the server did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_core_over_stdio_and_a_clean_end() {
    let mut conversation = Conversation::open(&["--sandbox"]);
    let listed = conversation.ask("tools/list", json!({}));
    assert_eq!(listed["tools"].as_array().unwrap().len(), 12);
    let clusters = conversation.call("list_postgres_clusters", json!({ "all_namespaces": true }));
    assert_eq!(clusters["structuredContent"]["returned"], 2, "{clusters}");
    assert_eq!(conversation.close().0, Some(0));
}

#[test]
fn read_only_leaves_the_tools_that_read() {
    let mut conversation = Conversation::open(&["--sandbox", "--read-only"]);
    let listed = conversation.ask("tools/list", json!({}));
    let tools = listed["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 4);
    assert!(tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
    assert_eq!(conversation.close().0, Some(0));
}

/// Names of the tools that a server with these flags offers.
fn offered(flags: &[&str]) -> Vec<String> {
    let mut conversation = Conversation::open(flags);
    let listed = conversation.ask("tools/list", json!({}));
    let names = listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
    let names = names.collect();
    assert_eq!(conversation.close().0, Some(0));
    names
}

#[test]
fn toolsets_are_chosen() {
    let core = offered(&["--sandbox"]);
    assert_eq!(core, offered(&["--sandbox", "--toolsets", "core"]));
    assert_eq!(offered(&["--sandbox", "--toolsets", "all"]).len(), cnpg_mcp::tools().len());
    let backups = offered(&["--sandbox", "--toolsets", "backups"]);
    assert!(backups.iter().any(|name| name == "create_backup"), "{backups:?}");
    assert!(backups.iter().all(|name| name.contains("backup")), "{backups:?}");
    let both = offered(&["--sandbox", "--toolsets", " core , backups,core"]);
    assert_eq!(both.len(), core.len() + backups.len());
    let reading = offered(&["--sandbox", "--toolsets", "backups", "--read-only"]);
    assert_eq!(reading, ["list_backups"]);
}

#[test]
fn a_tool_whose_toolset_is_off_says_how_to_have_it() {
    let mut conversation = Conversation::open(&["--sandbox"]);
    let params = json!({ "name": "list_backups", "arguments": { "cluster_name": "main-db" } });
    let error = conversation.error("tools/call", params);
    let message = error["message"].as_str().unwrap();
    for words in ["`list_backups`", "toolset `backups`", "is off", "--toolsets core,backups", "CNPG_MCP_TOOLSETS"] {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(conversation.close().0, Some(0));
}

#[test]
fn a_wrong_toolset_is_told_with_the_nearest_and_all() {
    for (names, words) in [("bakcups", "did you mean `backups`?"), (",", "there is no toolset ``")] {
        let (code, stderr) = refused(&["--sandbox", "--toolsets", names]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        for known in ["all", "backups", "clusters", "core", "databases", "diagnostics", "roles"] {
            assert!(stderr.contains(known), "{stderr}");
        }
    }
}

#[test]
fn without_a_kubernetes_the_server_starts_and_calls_say_what_is_missing() {
    let mut conversation = Conversation::open(&["--kubeconfig", "/nonexistent/kubeconfig"]);
    assert_eq!(conversation.ask("tools/list", json!({}))["tools"].as_array().unwrap().len(), 12);
    let answer = conversation.call("list_postgres_clusters", json!({}));
    assert_eq!(answer["isError"], true);
    assert!(answer["content"][0]["text"].as_str().unwrap().contains("/nonexistent/kubeconfig"), "{answer}");
    assert_eq!(conversation.close().0, Some(0));
}

#[test]
fn progress_grows_with_every_notification() {
    let mut conversation = Conversation::open(&["--sandbox"]);
    let params = json!({ "name": "scale_postgres_cluster", "arguments": { "name": "main-db", "instances": 4, "wait": true }, "_meta": { "progressToken": "token" } });
    let (result, progress) = conversation.ask_with_progress("tools/call", params);
    assert_eq!(result["structuredContent"]["outcome"], "done", "{result}");
    let values: Vec<f64> = progress.iter().map(|message| message["params"]["progress"].as_f64().unwrap()).collect();
    assert!(values.len() >= 2 && values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
    assert!(
        progress
            .iter()
            .all(|message| message["method"] == "notifications/progress"
                && message["params"]["progressToken"] == "token")
    );
    assert_eq!(conversation.close().0, Some(0));
}

#[test]
fn no_password_in_anything_the_server_says_at_the_most_verbose_level() {
    const MARKED: &str = "Marked-Passw0rd-51966";
    let mut conversation = Conversation::open(&["--sandbox", "--log-level", "trace"]);
    let created =
        conversation.call("create_postgres_role", json!({ "cluster_name": "main-db", "role_name": "app_user" }));
    assert_eq!(created["structuredContent"]["outcome"], "done", "{created}");
    let mut said = String::new();
    for arguments in [
        json!({ "cluster_name": "main-db", "role_name": "app_user", "password": MARKED }),
        json!({ "cluster_name": "main-db", "role_name": "app_user", "password": MARKED, "rotate_password": true }),
        json!({ "cluster_name": "main-db", "role_name": "nobody", "password": MARKED, "dry_run": true }),
        json!({ "cluster_name": "main-db", "role_name": "app_user", "pasword": MARKED }),
        json!({ "cluster_name": "main-db", "role_name": "app_user", "password": MARKED.repeat(20) }),
        json!({ "cluster_name": MARKED, "role_name": "app_user", "password": MARKED, "dry_run": true }),
    ] {
        let answer = conversation.call("update_postgres_role", arguments);
        said.push_str(&answer.to_string());
    }
    let (code, stderr) = conversation.close();
    assert_eq!(code, Some(0));
    let audit: Vec<&str> = stderr.lines().filter(|line| line.contains("audit")).collect();
    assert_eq!(audit.len(), 7, "one line for every call of a tool that writes");
    assert!(!said.contains(MARKED), "{said}");
    assert!(!stderr.contains(MARKED), "{}", stderr.lines().find(|line| line.contains(MARKED)).unwrap_or_default());
}

#[test]
fn http_is_served_until_sigterm() {
    let mut child =
        server(&["--transport", "http", "--auth", "none", "--sandbox", "--port", "0", "--print-client-config"])
            .spawn()
            .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed.contains("inspector") {
        assert!(output.read_line(&mut printed).unwrap() > 0, "{printed}");
    }
    let url = printed.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")).unwrap();
    assert!(printed.contains(&format!("claude mcp add --transport http cloudnative-pg {url}")), "{printed}");
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(end(&mut child), Some(0));
}

#[test]
fn a_client_configuration_for_stdio_names_this_program() {
    let Output { status, stdout, .. } =
        server(&["--sandbox", "--print-client-config"]).stdin(Stdio::null()).output().unwrap();
    assert!(status.success());
    let text = String::from_utf8(stdout).unwrap();
    assert!(
        text.contains(env!("CARGO_BIN_EXE_cnpg-mcp-server")) && text.contains("--sandbox") && !text.contains("--print"),
        "{text}"
    );
}

#[test]
fn nobody_is_let_in_from_elsewhere_without_authentication() {
    for host in ["0.0.0.0", "::", "192.0.2.7"] {
        let (code, said) = refused(&["--transport", "http", "--auth", "none", "--host", host, "--port", "0"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("loopback") && said.contains(host), "{said}");
    }
    let (code, said) = refused(&["--transport", "http", "--port", "0"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("`issuer` is missing") && said.contains("--auth none"), "{said}");
    for arguments in [
        &["--auth", "none"][..],
        &["--issuer", "https://issuer.example"],
        &["--transport", "http", "--auth", "none", "--port", "0", "--session-store", "redis://localhost"],
    ] {
        assert_eq!(refused(arguments).0, Some(2), "{arguments:?}");
    }
    assert_eq!(refused(&["--sandbox", "--kubeconfig", "x"]).0, Some(2));
    assert_eq!(refused(&["--log-level", "loud"]).0, Some(2));
    let (code, said) = refused(&["--sandbox", "--metrics-port", "9090"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--metrics-port is for --transport http"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, said) =
        refused(&["--transport", "http", "--auth", "none", "--sandbox", "--port", "0", "--metrics-port", &port]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port} for metrics: Address already in use")), "{said}");
}

#[test]
fn input_that_ends_before_anything_is_said_is_no_error() {
    let mut child = server(&["--kubeconfig", "/nonexistent/kubeconfig"]).spawn().unwrap();
    drop(child.stdin.take());
    assert_eq!(end(&mut child), Some(0));
}
