//! Metrics of a server, on a port of their own.

use std::net::SocketAddr;

use cnpg_mcp_runtime::metrics::Exposition;
use tokio_util::sync::CancellationToken;

use super::ServerFlags;
use crate::VERSION;

/// Offers metrics, where that is wanted, until the server stops. `address`: where the server listens.
///
/// # Errors
/// Where the port cannot be had.
pub async fn offer(
    flags: &ServerFlags,
    address: SocketAddr,
    server: &'static str,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    if let Some(port) = flags.metrics_port {
        let metrics = Exposition::install(SocketAddr::new(address.ip(), port), server, VERSION).await?;
        tracing::info!(url = format!("http://{}/metrics", metrics.address()), "metrics are offered");
        tokio::spawn(metrics.serve(stop.clone()));
    }
    Ok(())
}
