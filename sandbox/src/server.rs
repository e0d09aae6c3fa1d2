//! Serving a [`Router`] on a loopback port until it is told to stop.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that runs in the background; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Binds 127.0.0.1 at `port` (0 = any that is free) and serves.
    pub(crate) async fn start(router: Router, port: u16, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            // Watches would keep a graceful shutdown waiting, so whatever still runs is dropped.
            tokio::select! {
                result = axum::serve(listener, router).into_future() => result,
                () = stopped => Ok(()),
            }
        });
        Ok(Self { address, stop, task: Some(task) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // The task ends by the token; how it ended no longer matters to anybody.
            drop(task.await);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
