//! An address at which something says that it is the server, over TLS or without; its certificate may be bad in each of
//! the usual ways, and its clock off.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What is wrong with a certificate for `localhost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    Good,
    OfOtherNames,
    Expired,
    NotGoodYet,
}

pub struct Front {
    pub url: String,
    /// Certificate of the authority, in PEM; empty without TLS.
    pub authority: String,
    ahead: Arc<AtomicI64>,
}

impl Front {
    pub async fn plain() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ahead = Arc::default();
        tokio::spawn(axum::serve(listener, router(&url, &ahead)).into_future());
        Self { url, authority: String::new(), ahead }
    }

    pub async fn tls(certificate: Certificate) -> Self {
        let (authority, config) = signed(certificate);
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
        let ahead = Arc::default();
        let listener = Tls { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        tokio::spawn(axum::serve(listener, router(&url, &ahead)).into_future());
        Self { url, authority, ahead }
    }

    /// Sets its clock: so many seconds ahead of this machine's.
    pub fn set_clock(&self, seconds_ahead: i64) {
        self.ahead.store(seconds_ahead, Ordering::Relaxed);
    }
}

fn router(url: &str, ahead: &Arc<AtomicI64>) -> Router {
    let resource = format!("{url}/mcp");
    let answer = async move |State(ahead): State<Arc<AtomicI64>>| {
        let now = Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap();
        ([("date", date)], axum::Json(json!({ "resource": resource }))).into_response()
    };
    Router::new().route("/.well-known/oauth-protected-resource", get(answer)).with_state(Arc::clone(ahead))
}

/// An authority of its own, and a server with a certificate of it.
fn signed(certificate: Certificate) -> (String, ServerConfig) {
    cnpg_mcp_runtime::tls::install();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(DnType::CommonName, "An authority of the tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let name = if certificate == Certificate::OfOtherNames { "other.example" } else { "localhost" };
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    match certificate {
        Certificate::Expired => leaf.not_after = date_time_ymd(2024, 2, 29),
        Certificate::NotGoodYet => leaf.not_before = date_time_ymd(2999, 1, 1),
        Certificate::Good | Certificate::OfOtherNames => {}
    }
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap();
    (authority.pem(), config)
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    /// The next connection on which TLS could be agreed upon.
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
