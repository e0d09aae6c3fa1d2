//! A tenant, a cluster, a public address, and a folder from which they are set up.

use cnpg_mcp_auth0::Auth0;
use cnpg_mcp_sandbox::{Gvr, Sandbox};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::front::Front;
use crate::tenant::API;

pub struct World {
    pub auth0: Auth0,
    pub sandbox: Sandbox,
    pub folder: Folder,
    /// Where the server would be.
    pub front: Front,
    pub public_url: String,
}

impl World {
    pub async fn start() -> Self {
        let auth0 = Auth0::start().await.unwrap();
        let kinds = cnpg_mcp::target::kind_documents().unwrap();
        let sandbox = Sandbox::builder().kinds(kinds).start().await.unwrap();
        let image = "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0";
        let operator = json!({
            "metadata": { "name": "cnpg-controller-manager", "namespace": "default",
                          "labels": { "app.kubernetes.io/name": "cloudnative-pg" } },
            "spec": { "template": { "spec": { "containers": [{ "name": "manager", "image": image }] } } },
        });
        sandbox.store().create(&Gvr::new("apps", "v1", "deployments"), operator).unwrap();
        let account = json!({ "metadata": { "name": "cnpg-mcp-server", "namespace": "default" } });
        sandbox.store().create(&Gvr::core("serviceaccounts"), account).unwrap();
        let folder = Folder::new().with("KUBECONFIG", "kubeconfig").with("AUTH0_MGMT_TOKEN", auth0.token());
        folder.write("kubeconfig", &sandbox.kubeconfig());
        let front = Front::plain().await;
        Self { auth0, sandbox, folder, public_url: front.url.clone(), front }
    }

    /// Every step, in the order in which people go.
    pub fn steps(&self) -> Vec<Vec<&str>> {
        let auth0 =
            vec!["auth0", "--domain", self.auth0.url(), "--api-identifier", API, "--public-url", &self.public_url];
        vec![
            vec!["init", "--registry", "registry.example.com/databases", "--tag", "main-294a09f"],
            auth0,
            vec!["secret", "--replace"],
            vec!["rbac", "--service-account", "cnpg-mcp-server"],
            vec!["export-auth0", "--output", "export.json"],
            vec!["backup", "saved"],
            vec!["doctor"],
        ]
    }

    /// The Deployment, as the chart makes it, with flags; its pods are ready.
    pub fn deploy(&self, flags: &[&str]) {
        let labels = json!({ "app.kubernetes.io/name": "cnpg-mcp", "app.kubernetes.io/instance": "mcp-server" });
        let deployment = json!({
            "metadata": { "name": "mcp-server", "namespace": "default", "labels": labels },
            "spec": { "replicas": 1, "template": { "spec": { "containers": [{ "name": "cnpg-mcp", "args": flags }] } } },
            "status": { "readyReplicas": 1 },
        });
        self.sandbox.store().create(&Gvr::new("apps", "v1", "deployments"), deployment).unwrap();
    }

    pub async fn run(&self, step: &[&str]) -> String {
        self.folder.run_beside(step).await.done()
    }

    /// Everything that steps can change.
    pub fn everything(&self) -> (Value, Value, Vec<(String, String)>) {
        (self.auth0.state(), self.sandbox.snapshot(), self.folder.files())
    }
}
