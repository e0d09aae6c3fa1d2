//! The Kubernetes that tools work on: a real one, or the sandbox inside this process.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_sandbox::{Sandbox, Seed};

use crate::KIND_DOCUMENTS;

/// What was asked for.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// A sandbox with two clusters to look at, instead of a real Kubernetes.
    pub sandbox: bool,
    /// Kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    pub context: Option<String>,
}

/// An open target. The sandbox lives as long as it does.
pub struct Opened {
    /// Access for the tools.
    pub kubernetes: Arc<Kubernetes>,
    sandbox: Option<Running>,
}

/// A sandbox, and the file that says how to reach it.
struct Running {
    sandbox: Sandbox,
    kubeconfig: PathBuf,
}

impl Target {
    /// Opens the target. A real Kubernetes is not looked for yet: that is up to the first call.
    ///
    /// # Errors
    /// Where the sandbox cannot be started.
    pub async fn open(self) -> anyhow::Result<Opened> {
        if !self.sandbox {
            let options = KubernetesOptions {
                kubeconfig: self.kubeconfig,
                context: self.context,
                ..KubernetesOptions::default()
            };
            return Ok(Opened { kubernetes: Arc::new(Kubernetes::new(options)), sandbox: None });
        }
        let sandbox = Sandbox::builder()
            .kinds(kind_documents()?)
            .preload(Seed::demo())
            .start()
            .await
            .context("the sandbox could not be started")?;
        let kubeconfig = std::env::temp_dir().join(format!("cnpg-mcp-sandbox-{}.kubeconfig", std::process::id()));
        write_private(&kubeconfig, &sandbox.kubeconfig())
            .with_context(|| format!("`{}` could not be written", kubeconfig.display()))?;
        let options = KubernetesOptions { kubeconfig: Some(kubeconfig.clone()), ..KubernetesOptions::default() };
        Ok(Opened { kubernetes: Arc::new(Kubernetes::new(options)), sandbox: Some(Running { sandbox, kubeconfig }) })
    }
}

impl Opened {
    /// Address of the sandbox, where it is one.
    pub fn sandbox_url(&self) -> Option<&str> {
        self.sandbox.as_ref().map(|running| running.sandbox.url())
    }

    /// Ends the sandbox, where it is one.
    pub async fn close(self) {
        if let Some(running) = self.sandbox {
            // It held nothing but the address and token of a sandbox that ends now.
            let _ = std::fs::remove_file(&running.kubeconfig);
            running.sandbox.shutdown().await;
        }
    }
}

/// The documents of [`KIND_DOCUMENTS`], parsed.
///
/// # Errors
/// Where codegen wrote something else.
pub fn kind_documents() -> anyhow::Result<Vec<serde_json::Value>> {
    serde_json::from_str(KIND_DOCUMENTS).context("the descriptions of kinds are no JSON array")
}

/// Writes a file that only its owner can read.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
