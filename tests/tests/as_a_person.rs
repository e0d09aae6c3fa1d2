//! People at the test server: with a token that the command line got them, through a forwarded port, and in their own
//! name before Kubernetes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cnpg_mcp_provider::{PUBLIC_CLIENT, Provider};
use cnpg_mcp_sandbox::Sandbox;
use cnpg_mcp_tests::{binary, http, world};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

const AUDIENCE: &str = "https://mcp.example.com/api";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// A test server that ends with this value.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start(provider: &Provider, kubeconfig: &str, more: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = format!("issuer: {}\naudience: {AUDIENCE}\n{more}", provider.issuer());
        std::fs::write(folder.path().join("oidc.yaml"), config)?;
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(binary::path("cnpg-mcp-test-server"))
            .args(["--log-format", "json", "--config"])
            .arg(folder.path().join("oidc.yaml"))
            .arg("--kubeconfig")
            .arg(folder.path().join("kubeconfig"))
            .args(["--port", &port.to_string()])
            .stderr(log)
            .spawn()?;
        let mut server = Self { child, port, folder };
        let begun = Instant::now();
        while http().get(format!("http://127.0.0.1:{port}/readyz")).send().await.is_err() {
            ensure!(
                server.child.try_wait()?.is_none() && begun.elapsed() < Duration::from_secs(20),
                "{}",
                server.log()?
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("log"))?)
    }

    fn audit(&self) -> anyhow::Result<Vec<Value>> {
        let log = self.log()?;
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(lines.filter(|line| line["target"] == "audit").collect())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a call failed, and its text.
async fn call(port: u16, token: &str, tool: &str, arguments: &Value) -> anyhow::Result<(bool, String)> {
    let params = json!({ "name": tool, "arguments": arguments });
    let request = http().post(format!("http://127.0.0.1:{port}/test")).bearer_auth(token);
    let request = request.header("accept", "application/json, text/event-stream");
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let response = request.json(&message).send().await?;
    let status = response.status();
    let body = response.text().await?;
    ensure!(status.is_success(), "{status}: {body}");
    let mut events = body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    let answer: Value = serde_json::from_str(events.rfind(|data| !data.is_empty()).unwrap_or(&body))?;
    let text = answer["result"]["content"][0]["text"].as_str().with_context(|| answer.to_string())?;
    Ok((answer["result"]["isError"] == true, text.to_owned()))
}

/// What `kubectl port-forward` does: a port here leads to the server's.
async fn forwarded(to: u16) -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Ok(mut there) = TcpStream::connect(("127.0.0.1", to)).await {
                    let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                }
            });
        }
    });
    Ok(port)
}

/// A token by `cnpg-mcp token`, with a browser that logs in.
async fn token(provider: &Provider) -> anyhow::Result<String> {
    let home = tempfile::tempdir()?;
    let mut child = Command::new(binary::path("cnpg-mcp"))
        .args(["token", "--no-browser", "--port", "0", "--issuer", provider.issuer()])
        .args(["--audience", AUDIENCE, "--client-id", PUBLIC_CLIENT])
        .env("HOME", home.path())
        .env_remove("XDG_CACHE_HOME")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("its errors")?).lines();
    let address = loop {
        match lines.next() {
            Some(line) if line.as_ref().is_ok_and(|line| line.starts_with("http")) => break line?,
            Some(_) => {}
            None => bail!("no address was shown"),
        }
    };
    let back = provider.visit(&address).await?;
    ensure!(http().get(back).send().await?.status().is_success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_the_command_line_works_through_a_forwarded_port() -> anyhow::Result<()> {
    let provider = Provider::start().await?;
    let sandbox = world::sandbox().start().await?;
    let server = Server::start(&provider, &sandbox.kubeconfig(), "public_url: https://mcp.example.com\n").await?;
    let port = forwarded(server.port).await?;
    let (failed, text) = call(port, &token(&provider).await?, "list_postgres_clusters", &json!({})).await?;
    assert!(!failed && text.contains("main-db"), "{text}");
    Ok(())
}

async fn make(sandbox: &Sandbox, path: &str, object: Value) -> anyhow::Result<()> {
    let response = http().post(format!("{}{RBAC}/{path}", sandbox.url())).json(&object).send().await?;
    let status = response.status();
    ensure!(status == 201, "{}", response.text().await?);
    Ok(())
}

fn role(name: &str, rules: &Value) -> Value {
    json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules })
}

fn binding(kind: &str, role: &str, subject: &Value) -> Value {
    let reference = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role });
    json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": role }, "roleRef": reference, "subjects": [subject] })
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_decides_for_each_person() -> anyhow::Result<()> {
    let provider = Provider::start().await?;
    let sandbox = world::sandbox().start().await?;
    let more = "impersonate: true\nimpersonation: { user_claim: email, groups_claim: groups, prefix: 'corp:' }\n";
    let kubeconfig = sandbox.kubeconfig_of("default", "cnpg-mcp").map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let server = Server::start(&provider, &kubeconfig, more).await?;
    let mint = async |account: &str| provider.mint(json!({ "audience": AUDIENCE, "account": account })).await;
    let (alice, bob) = (mint("alice").await?, mint("bob").await?);
    let list = json!({ "namespace": "default" });

    // The server's account may not even act for anybody yet.
    let (failed, text) = call(server.port, &alice, "list_postgres_clusters", &list).await?;
    assert!(failed && text.contains("may not `impersonate`"), "{text}");

    // What the chart grants where impersonation is on, and nothing else.
    let rules = json!([{ "apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"] }]);
    make(&sandbox, "clusterroles", role("act-for-people", &rules)).await?;
    let account = json!({ "kind": "ServiceAccount", "name": "cnpg-mcp", "namespace": "default" });
    make(&sandbox, "clusterrolebindings", binding("ClusterRoleBinding", "act-for-people", &account)).await?;
    for token in [&alice, &bob] {
        let (failed, text) = call(server.port, token, "list_postgres_clusters", &list).await?;
        assert!(failed && text.contains("may not `list` `clusters`"), "{text}");
    }

    // A right that a group has, in one namespace.
    let file = world::root().join("generated/rbac/toolset-core.yaml");
    let core: Value = serde_yaml::from_str(&std::fs::read_to_string(file)?)?;
    make(&sandbox, "clusterroles", role("core", &core["rules"])).await?;
    let group = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "corp:dba" });
    make(&sandbox, "namespaces/default/rolebindings", binding("RoleBinding", "core", &group)).await?;
    let (failed, text) = call(server.port, &alice, "list_postgres_clusters", &list).await?;
    assert!(!failed, "alice is of the group: {text}");
    let (failed, text) = call(server.port, &bob, "list_postgres_clusters", &list).await?;
    assert!(failed && text.contains("`corp:bob@example.com` may not `list`"), "bob is not: {text}");
    let (failed, text) =
        call(server.port, &alice, "list_postgres_clusters", &json!({ "namespace": "kube-system" })).await?;
    assert!(failed, "nor is it for other namespaces: {text}");

    // Writing, waiting and undoing go by the same name.
    let new = json!({ "name": "hers", "namespace": "default" });
    let (failed, text) = call(server.port, &alice, "create_postgres_cluster", &new).await?;
    assert!(!failed, "{text}");
    let lines = server.audit()?;
    let [line] = lines.as_slice() else { bail!("{lines:?}") };
    assert_eq!((&line["subject"], &line["kubernetes_user"]), (&json!("auth0|alice"), &json!("corp:alice@example.com")));
    assert_eq!(line["outcome"], "done");
    Ok(())
}
