//! The cryptography of TLS.

/// Makes `ring` the process's cryptography for TLS, which HTTP clients need before they are made. Where another
/// was installed already, that one stays.
pub fn install() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
