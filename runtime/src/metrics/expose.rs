//! Metrics for Prometheus, on a port of their own, so that a route to the server is none to them.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use futures::future::BoxFuture;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{BUCKETS, build, describe};

/// Media type of the text format, version 0.0.4 (Prometheus, "Exposition formats").
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How often what was recorded is put into buckets, so that memory stays bounded where nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Metrics cannot be offered.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// The port is taken, or may not be used.
    #[error("cannot listen on {address} for metrics: {error}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// Something else records metrics in this process.
    #[error("metrics are recorded already: {0}")]
    Recorder(String),
}

/// A listener at which Prometheus gets what is recorded.
#[derive(Debug)]
pub struct Exposition {
    listener: TcpListener,
    address: SocketAddr,
    handle: PrometheusHandle,
}

impl Exposition {
    /// Listens, and begins to record. `server` and `version` tell servers apart.
    ///
    /// # Errors
    /// Where the port cannot be had, or the process records metrics already.
    pub async fn install(
        address: SocketAddr,
        server: &'static str,
        version: &'static str,
    ) -> Result<Self, MetricsError> {
        let listener = TcpListener::bind(address).await.map_err(|error| MetricsError::Bind { address, error })?;
        let address = listener.local_addr().unwrap_or(address);
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS).and_then(PrometheusBuilder::install_recorder);
        let handle = recorder.map_err(|error| MetricsError::Recorder(error.to_string()))?;
        describe();
        build(server, version);
        Ok(Self { listener, address, handle })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers at `/metrics` until `stop` is cancelled.
    pub fn serve(self, stop: CancellationToken) -> BoxFuture<'static, ()> {
        // Boxed, so that it is compiled with this crate, and not with each program.
        Box::pin(self.until(stop))
    }

    async fn until(self, stop: CancellationToken) {
        let process = Collector::default();
        process.describe();
        let handle = self.handle.clone();
        let text = async move || {
            process.collect();
            ([(header::CONTENT_TYPE, TEXT)], handle.render())
        };
        let router = Router::new().route("/metrics", get(text));
        let serving = axum::serve(self.listener, router);
        tokio::select! {
            ended = serving => if let Err(error) = ended {
                tracing::error!(%error, "metrics are not offered any more");
            },
            () = upkeep(&self.handle) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn upkeep(handle: &PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}
