//! A server as a program: from its start to its exit code.

use std::process::ExitCode;
use std::time::Duration;

use cnpg_mcp_runtime::auth::configuration::{Configuration, EffectScopes, Impersonation};
use cnpg_mcp_runtime::auth::resource::ToolScopes;
use cnpg_mcp_runtime::logging;
use cnpg_mcp_runtime::mcp::Access;
use cnpg_mcp_runtime::registry::Registry;
use cnpg_mcp_runtime::transport::http::{HttpError, Names};
use cnpg_mcp_runtime::transport::stop_requested;
use tokio_util::sync::CancellationToken;

use super::ServerFlags;

/// Exit code for a wrong combination of options, as clap's own.
const USAGE: u8 = 2;

/// Sessions of MCP at a time, where many people share a server.
pub const SESSIONS: usize = 10_000;

/// Time for blocking reads of standard input when everything else has ended.
const LAST: Duration = Duration::from_millis(100);

/// A combination of options that makes no sense.
#[derive(Debug)]
pub struct Usage(pub &'static str);

impl std::fmt::Display for Usage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Usage {}

/// Starts logging, runs the server, and tells how it ended.
pub fn start<F: Future<Output = anyhow::Result<()>>>(flags: &ServerFlags, run: impl FnOnce() -> F) -> ExitCode {
    if let Err(error) = logging::start(flags.log_format, flags.log_level) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async { run().await });
    // A read of standard input may still be blocked in a thread of its own.
    runtime.shutdown_timeout(LAST);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let usage = error.is::<Usage>() || matches!(error.downcast_ref(), Some(HttpError::Exposed { .. }));
            if usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

/// Names that the server goes by, and web pages that may call it.
pub fn names(configuration: &Configuration) -> Names {
    let public_url = &configuration.public_url;
    let hosts = configuration.allowed_hosts.iter().cloned().chain([public_url.authority().to_owned()]);
    let origins = configuration.allowed_origins.iter().cloned().chain([public_url.as_str().to_owned()]);
    Names::new(hosts, origins)
}

/// What the server asks of those whom it lets in.
pub fn access(registry: &Registry, scopes: Option<&EffectScopes>, impersonation: Option<Impersonation>) -> Access {
    Access { scopes: scopes.map(|scopes| ToolScopes::new(registry, scopes)), impersonation }
}

/// A token that is cancelled when the process is asked to stop.
pub fn stopping() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        stop_requested().await;
        cancelled.cancel();
    });
    stop
}
