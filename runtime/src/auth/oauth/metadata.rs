//! What this server says of itself as an authorization server (RFC 8414).

use serde_json::{Value, json};

use super::Shared;

/// How clients may show themselves.
const METHODS: [&str; 3] = ["none", "client_secret_post", "client_secret_basic"];

/// The metadata.
pub(super) fn document(shared: &Shared) -> Value {
    let at = |path: &str| shared.public_url.at(path);
    let mut document = json!({
        "issuer": shared.public_url.as_str(),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "registration_endpoint": at("/register"),
        "revocation_endpoint": at("/revoke"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    });
    if !shared.scopes.all().is_empty() {
        document["scopes_supported"] = json!(shared.scopes.all());
    }
    document
}
