//! The Kubernetes that is set up, over raw JSON.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_runtime::secret::KnownSecrets;
use http::{Method, Request};
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use super::doctor::Reading;
use super::story::{Change, Story};

/// Field manager of what is written (Kubernetes, "Server-Side Apply: Managers").
const MANAGER: &str = "cnpg-mcp-setup";

/// Which Kubernetes.
#[derive(Debug, Clone, clap::Args)]
pub struct Access {
    /// Kubeconfig file
    #[arg(long, value_name = "FILE", help_heading = "Which Kubernetes")]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME", help_heading = "Which Kubernetes")]
    context: Option<String>,
}

/// An open Kubernetes.
pub struct Cluster {
    client: Client,
    namespace: String,
    /// Secrets that no error may repeat.
    pub known: KnownSecrets,
}

/// A request that was not done.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The API server says no.
    #[error("Kubernetes refuses ({code} {reason}): {message}")]
    Refused { code: u16, reason: String, message: String },
    /// Nothing was answered.
    #[error("Kubernetes cannot be reached: {0}")]
    Away(String),
}

impl Cluster {
    /// Opens it. `acting_as`: in whose name, where that is somebody else.
    pub async fn open(access: &Access, acting_as: Option<&str>) -> anyhow::Result<Self> {
        let options = KubernetesOptions {
            kubeconfig: access.kubeconfig.clone(),
            context: access.context.clone(),
            ..KubernetesOptions::default()
        };
        let kubernetes = Kubernetes::new(options);
        let client = kubernetes.client_acting_as(acting_as).await.map_err(|what| anyhow!("{what}"))?;
        Ok(Self { client, namespace: kubernetes.current_namespace().to_owned(), known: KnownSecrets::default() })
    }

    /// The namespace that is meant where none is named.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// An object; `None` where there is none.
    pub async fn get(&self, path: &str) -> Result<Option<Value>, ClusterError> {
        match self.send(Method::GET, path, None, false).await {
            Err(ClusterError::Refused { code: 404, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Writes. In a dry run the API server checks it, and keeps nothing.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        dry_run: bool,
    ) -> Result<Value, ClusterError> {
        let mut uri = path.to_owned();
        if method != Method::GET {
            uri = format!("{uri}?fieldManager={MANAGER}{}", if dry_run { "&dryRun=All" } else { "" });
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
        let request = request.body(body.into_bytes()).map_err(|error| ClusterError::Away(error.to_string()))?;
        self.client.request(request).await.map_err(|error| self.refused(error))
    }

    /// The API server's clock, where it tells it.
    pub async fn clock(&self) -> Option<Reading> {
        let request = Request::get("/version").body(Body::empty()).ok()?;
        let sent = Timestamp::now();
        let response = self.client.send(request).await.ok()?;
        Reading::of(response.headers(), sent)
    }

    /// Brings an object to what is wanted, and tells. `fields`: what of it is compared.
    pub async fn place(
        &self,
        collection: &str,
        wanted: &Value,
        fields: &[&str],
        story: Story,
    ) -> anyhow::Result<Change> {
        let (kind, name) = (wanted["kind"].as_str().unwrap_or_default(), wanted["metadata"]["name"].as_str());
        let Some(name) = name else { bail!("an object without a name cannot be placed") };
        let path = format!("{collection}/{}", super::paths::segment(name));
        let place = wanted["metadata"]["namespace"].as_str().map(|place| format!(" in `{place}`")).unwrap_or_default();
        let change = match self.get(&path).await? {
            None => {
                self.send(Method::POST, collection, Some(wanted), story.is_dry()).await?;
                Change::Made
            }
            Some(there) if fields.iter().all(|field| there[*field] == wanted[*field]) => Change::Unchanged,
            Some(mut there) => {
                for field in fields {
                    there[*field] = wanted[*field].clone();
                }
                self.send(Method::PUT, &path, Some(&there), story.is_dry()).await?;
                Change::Changed
            }
        };
        story.tell(change, format_args!("{kind} `{name}`{place}"));
        Ok(change)
    }

    fn refused(&self, error: kube::Error) -> ClusterError {
        match error {
            kube::Error::Api(status) => ClusterError::Refused {
                code: status.code,
                reason: status.reason.clone(),
                message: self.known.mask(&status.message),
            },
            // Errors of credential plugins quote their output, which may hold a token.
            kube::Error::Auth(_) => ClusterError::Away("the kubeconfig's credentials cannot be used".to_owned()),
            other => {
                let cause = std::error::Error::source(&other).map(|cause| format!(": {cause}")).unwrap_or_default();
                ClusterError::Away(self.known.mask(&format!("{other}{cause}")))
            }
        }
    }
}
