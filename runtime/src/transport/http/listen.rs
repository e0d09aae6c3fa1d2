//! Listening, connections, and stopping in good order.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use futures::future::BoxFuture;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

use super::{Around, Door, ENDPOINT, Limits, Names, Served};
use crate::registry::Registry;
use crate::transport::stop::{ANSWERS, GRACE};

/// Time for answers on their way after the calls have ended.
const FLUSH: Duration = Duration::from_secs(3);

/// The server cannot listen.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The host is no address and no name that leads to one.
    #[error("`{host}` is no address of this machine: {error}")]
    Host {
        /// As it was given.
        host: String,
        /// Why not.
        error: io::Error,
    },
    /// Without authentication, only this machine may reach the server.
    #[error(
        "without authentication the server listens on loopback addresses only (127.0.0.1, ::1, localhost), and `{host}` is none; whoever reaches it could do anything that it may do in the cluster"
    )]
    Exposed {
        /// As it was given.
        host: String,
    },
    /// The port is taken, or may not be used.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
}

/// A server that listens, and does not serve yet.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Listens on a loopback address, where nobody has to be asked who they are. Port 0 takes a free one.
///
/// # Errors
/// Where the host is not known, is no loopback address, or the port cannot be had.
pub async fn bind(host: &str, port: u16) -> Result<Listening, HttpError> {
    let addresses = resolve(host, port).await?;
    if !all_loopback(&addresses) {
        return Err(HttpError::Exposed { host: host.to_owned() });
    }
    listen(host, addresses).await
}

/// Listens on any address, for a server that asks who somebody is. Port 0 takes a free one.
///
/// # Errors
/// Where the host is not known, or the port cannot be had.
pub async fn bind_anywhere(host: &str, port: u16) -> Result<Listening, HttpError> {
    listen(host, resolve(host, port).await?).await
}

/// Whether only this machine reaches what listens on a host.
///
/// # Errors
/// Where the host is not known.
pub async fn is_loopback(host: &str) -> Result<bool, HttpError> {
    resolve(host, 0).await.map(|addresses| all_loopback(&addresses))
}

fn all_loopback(addresses: &[SocketAddr]) -> bool {
    addresses.iter().all(|address| address.ip().to_canonical().is_loopback())
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, HttpError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    Ok(match bare.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => tokio::net::lookup_host((bare, port))
            .await
            .map_err(|error| HttpError::Host { host: host.to_owned(), error })?
            .collect(),
    })
}

async fn listen(host: &str, addresses: Vec<SocketAddr>) -> Result<Listening, HttpError> {
    // A name may lead to an IPv6 address first where IPv6 is off.
    let mut last = HttpError::Host { host: host.to_owned(), error: io::Error::from(io::ErrorKind::AddrNotAvailable) };
    for wanted in addresses {
        match TcpListener::bind(wanted).await {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(wanted);
                return Ok(Listening { listener, address });
            }
            Err(error) => last = HttpError::Bind { address: wanted, error },
        }
    }
    Err(last)
}

impl Listening {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Address of the MCP endpoint.
    pub fn url(&self) -> String {
        format!("http://{}{ENDPOINT}", self.address)
    }

    /// Serves until `stop` is cancelled, then stops in good order: `/readyz` turns, new calls are refused,
    /// running ones end or are cancelled after [`GRACE`], and then the connections close.
    pub fn serve(
        self,
        server: &impl Served,
        names: Names,
        limits: Limits,
        stop: CancellationToken,
    ) -> BoxFuture<'static, ()> {
        let url = self.url();
        self.serve_behind(&Door::open(), server, names, limits, stop, &url)
    }

    /// The same behind a door. `endpoint`: the MCP endpoint's address for clients. To be called in a runtime.
    pub fn serve_behind(
        self,
        door: &Door,
        server: &impl Served,
        names: Names,
        limits: Limits,
        stop: CancellationToken,
        endpoint: &str,
    ) -> BoxFuture<'static, ()> {
        let ready = Arc::new(AtomicBool::new(true));
        let end = CancellationToken::new();
        let around = Around { names, limits, door, ready: Arc::clone(&ready), end: end.clone(), endpoint };
        let router = server.router(around);
        let registry = Arc::clone(server.registry());
        // Boxed, so that it is compiled with this crate, and not with each program.
        Box::pin(self.accept_until(stop, router, limits, registry, ready, end))
    }

    async fn accept_until(
        self,
        stop: CancellationToken,
        router: Router,
        limits: Limits,
        registry: Arc<Registry>,
        ready: Arc<AtomicBool>,
        end: CancellationToken,
    ) {
        let connections = GracefulShutdown::new();
        let room = Arc::new(Semaphore::new(limits.connections));
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head_time).max_buf_size(limits.head);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(30))
            .max_concurrent_streams(128);
        let stopping = async {
            stop.cancelled().await;
            ready.store(false, Ordering::Relaxed);
            tracing::info!("stopping: no new calls, running ones may end");
            registry.stop(GRACE).await;
            tokio::time::sleep(ANSWERS).await;
            end.cancel();
        };
        tokio::pin!(stopping);
        loop {
            let (stream, peer, permit) = tokio::select! {
                () = &mut stopping => break,
                accepted = accept(&self.listener, &room) => accepted,
            };
            // Rate limits ask who is connected.
            let service = Extension(ConnectInfo(peer)).layer(router.clone());
            let service = TowerToHyperService::new(service);
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection broke");
                }
                drop(permit);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(FLUSH, connections.shutdown()).await.is_err() {
            tracing::warn!("connections were still open at the end");
        }
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(room).acquire_owned().await else { std::future::pending().await };
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small messages should not wait for company.
                let _ = stream.set_nodelay(true);
                return (stream, peer, permit);
            }
            Err(error) => {
                // Out of file descriptors, most likely: others close in time.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}
