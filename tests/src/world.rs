//! A sandbox with a server on it and a client of that server: where most suites begin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cnpg_mcp_sandbox::{Sandbox, SandboxBuilder};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::server::Server;

/// The server's flags for every tool; without them it offers the toolset `core`.
pub const EVERY_TOOL: &[&str] = &["--toolsets", "all"];

/// A running server on a running sandbox.
pub struct World {
    /// The API that the server works on.
    pub sandbox: Sandbox,
    /// The server.
    pub server: Server,
    /// A client of it.
    pub client: Client,
}

/// A sandbox as the suites use it: fast operator, the demo's clusters, the kinds that the specs describe.
///
/// # Panics
/// Where codegen wrote kinds that are no JSON.
#[must_use]
pub fn sandbox() -> SandboxBuilder {
    Sandbox::builder()
        .kinds(cnpg_mcp::target::kind_documents().expect("the kinds are JSON"))
        .operator(cnpg_mcp_sandbox::OperatorConfig::fast())
        .preload(cnpg_mcp_sandbox::Seed::demo())
}

impl World {
    /// Starts one with the demo's clusters and every tool.
    pub async fn start() -> anyhow::Result<Self> {
        Self::on(sandbox(), EVERY_TOOL).await
    }

    /// Starts one on a sandbox made by hand, with further flags for the server.
    pub async fn on(builder: SandboxBuilder, flags: &[&str]) -> anyhow::Result<Self> {
        let sandbox = builder.start().await?;
        let server = Server::start(&sandbox, flags).await?;
        let client = server.client().await?;
        Ok(Self { sandbox, server, client })
    }

    /// What tools used of the API beyond the rights that are generated for them.
    #[must_use]
    pub fn beyond_rights(&self) -> Vec<String> {
        let mut beyond = Vec::new();
        for (tool, used) in self.sandbox.recorder().by_tool() {
            let Some(known) = cnpg_mcp::tools().into_iter().find(|known| known.info.name == tool) else { continue };
            for (group, resource, verb) in used {
                let granted = known.info.grants.iter().any(|grant| {
                    grant.group == group && grant.resource == resource && grant.verbs.contains(&verb.as_str())
                });
                if !granted {
                    beyond.push(format!("{tool} used {verb} on {resource}.{group}"));
                }
            }
        }
        beyond
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        self.client.call(tool, arguments).await
    }

    /// Calls a tool that must succeed.
    pub async fn done(&self, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        let answer = self.call(tool, arguments).await?;
        if answer.is_error {
            bail!("{tool} failed:\n{}", answer.text);
        }
        Ok(answer)
    }

    /// Calls a tool that must fail.
    pub async fn fails(&self, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        let answer = self.call(tool, arguments).await?;
        if !answer.is_error {
            bail!("{tool} should have failed, but answered:\n{}", answer.text);
        }
        Ok(answer)
    }

    /// Sends a request to the sandbox, as an administrator would.
    pub async fn kubernetes(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<(u16, Value)> {
        let url = format!("{}{path}", self.sandbox.url());
        let mut request = crate::http().request(method.parse()?, url);
        if let Some(body) = body {
            let content_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", content_type).body(body.to_string());
        }
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Names of the objects of a kind in a namespace.
    pub async fn names(&self, path: &str) -> anyhow::Result<BTreeSet<String>> {
        let (status, list) = self.kubernetes("GET", path, None).await?;
        let items = list["items"].as_array().with_context(|| format!("{path}: {status} {list}"))?;
        Ok(items.iter().filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned)).collect())
    }

    /// Secrets of roles in a namespace that this server made.
    pub async fn role_secrets(&self, namespace: &str) -> anyhow::Result<BTreeSet<String>> {
        self.names(&format!(
            "/api/v1/namespaces/{namespace}/secrets?labelSelector=app.kubernetes.io/managed-by%3Dcnpg-mcp"
        ))
        .await
    }

    /// The elements of `spec.managed.roles` of a cluster.
    pub async fn managed_roles(&self, namespace: &str, cluster: &str) -> anyhow::Result<Vec<Value>> {
        let path = format!("/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/clusters/{cluster}");
        let (_, cluster) = self.kubernetes("GET", &path, None).await?;
        Ok(cluster["spec"]["managed"]["roles"].as_array().cloned().unwrap_or_default())
    }

    /// The whole state, once the operator has come to rest.
    ///
    /// # Panics
    /// Where it does not within ten seconds.
    pub async fn settled(&self) -> Value {
        let mut before = self.sandbox.snapshot();
        for _ in 0..50 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            let now = self.sandbox.snapshot();
            if now == before {
                return now;
            }
            before = now;
        }
        panic!("the sandbox does not come to rest");
    }
}

/// Arguments that a tool's first example makes, from the specs.
///
/// # Panics
/// Where the specs do not compile or the tool has no example; both are build errors.
#[must_use]
pub fn example(tool: &str) -> Value {
    let program = program();
    let tool = program.tools.iter().find(|known| known.name == tool).expect("the tool is in the specs");
    json!(tool.examples.first().expect("every tool has an example").call)
}

/// The compiled specs.
///
/// # Panics
/// Where they do not compile.
#[must_use]
pub fn program() -> cnpg_mcp_codegen::lowered::Program {
    let compilation = cnpg_mcp_codegen::compile(&root().join("specs")).expect("the specs can be read");
    compilation.program.expect("the specs compile")
}

/// The project's root folder.
///
/// # Panics
/// Never: this crate is one level below it.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is one level below the root").to_owned()
}

impl World {
    /// The password of a role, as it stands in its Secret; `None` where there is no Secret.
    pub async fn password(&self, namespace: &str, cluster: &str, role: &str) -> anyhow::Result<Option<String>> {
        use base64::Engine as _;

        let roles = self.managed_roles(namespace, cluster).await?;
        let Some(secret) =
            roles.iter().find(|known| known["name"] == role).and_then(|known| known["passwordSecret"]["name"].as_str())
        else {
            return Ok(None);
        };
        let (_, secret) =
            self.kubernetes("GET", &format!("/api/v1/namespaces/{namespace}/secrets/{secret}"), None).await?;
        let Some(encoded) = secret["data"]["password"].as_str() else { return Ok(None) };
        Ok(Some(String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded)?)?))
    }
}

/// In every suite, what is used is granted.
impl Drop for World {
    fn drop(&mut self) {
        let beyond = self.beyond_rights();
        assert!(std::thread::panicking() || beyond.is_empty(), "more was used than is granted: {}", beyond.join("; "));
    }
}
