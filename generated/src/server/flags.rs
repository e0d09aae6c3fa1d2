//! Flags of both servers.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use cnpg_mcp_runtime::call::Settings;
use cnpg_mcp_runtime::logging::LogFormat;
use cnpg_mcp_runtime::registry::{Options, Registry, Toolsets, UnknownToolset};
use tracing::level_filters::LevelFilter;

use crate::VERSION;
use crate::auth_flags::AuthFlags;
use crate::target::{Opened, Target};

/// Where a server listens, which tools it offers, on which Kubernetes.
// Doc comments here are help texts for a terminal, not Markdown.
#[allow(clippy::doc_markdown)]
#[derive(Debug, Args)]
pub struct ServerFlags {
    /// Address to listen on (HTTP).
    #[arg(long, default_value = "127.0.0.1", env = "CNPG_MCP_HOST")]
    pub host: String,

    /// Port for Prometheus' metrics, at /metrics of the same address (HTTP). Unset: none are offered.
    #[arg(long, value_name = "PORT", env = "CNPG_MCP_METRICS_PORT")]
    pub metrics_port: Option<u16>,

    /// Work on a sandbox inside this process, with two clusters to look at, instead of a real Kubernetes.
    #[arg(long, conflicts_with_all = ["kubeconfig", "context"])]
    pub sandbox: bool,

    /// Offer only tools that read.
    #[arg(long, env = "CNPG_MCP_READ_ONLY")]
    pub read_only: bool,

    /// Offer no tools that destroy.
    #[arg(long, env = "CNPG_MCP_DISABLE_DESTRUCTIVE")]
    pub disable_destructive: bool,

    /// Toolsets to offer, with commas between them: clusters, roles, databases, backups, diagnostics; core (the
    /// usual tools of the first three) or all.
    #[arg(long, value_name = "NAMES", default_value = "core", env = "CNPG_MCP_TOOLSETS", value_parser = toolsets)]
    pub toolsets: Toolsets,

    /// Kubeconfig file. Unset: the pod's own cluster, else KUBECONFIG, else ~/.kube/config.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig. Unset: its current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Where PostgreSQL images come from.
    #[arg(long, value_name = "REGISTRY", default_value = "ghcr.io/cloudnative-pg", env = "CNPG_MCP_IMAGE_REGISTRY")]
    pub image_registry: String,

    /// How log lines look; they go to standard error. Audit lines are JSON in either format.
    #[arg(long, default_value_t = LogFormat::Text, value_name = "text|json", env = "CNPG_MCP_LOG_FORMAT")]
    pub log_format: LogFormat,

    /// What is logged: off, error, warn, info, debug or trace. Audit lines are always written.
    #[arg(long, default_value = "info", value_name = "LEVEL", env = "CNPG_MCP_LOG_LEVEL")]
    pub log_level: LevelFilter,

    /// Who is let in.
    #[command(flatten)]
    pub let_in: AuthFlags,
}

fn toolsets(names: &str) -> Result<Toolsets, UnknownToolset> {
    Toolsets::parse(names, &crate::tools())
}

impl ServerFlags {
    /// The Kubernetes that is meant.
    pub fn target(&self) -> Target {
        Target { sandbox: self.sandbox, kubeconfig: self.kubeconfig.clone(), context: self.context.clone() }
    }

    /// The tools that are offered on an open target.
    ///
    /// # Errors
    /// Where tools and templates do not fit together, which tests rule out.
    pub fn registry(&self, opened: &Opened) -> anyhow::Result<Arc<Registry>> {
        let settings = Arc::new(Settings { image_registry: self.image_registry.trim_end_matches('/').to_owned() });
        let options = Options {
            read_only: self.read_only,
            disable_destructive: self.disable_destructive,
            toolsets: self.toolsets.clone(),
            settings,
            ..Options::new(VERSION)
        };
        Ok(Arc::new(crate::registry(Arc::clone(&opened.kubernetes), options)?))
    }
}
