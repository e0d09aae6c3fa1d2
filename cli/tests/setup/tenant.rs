//! A tenant, and a folder in which it is set up.

use cnpg_mcp_auth0::Auth0;
use serde_json::Value;

use crate::folder::Folder;

pub const API: &str = "https://mcp.example.com/mcp";

pub const MAKE_ENV: &str =
    "REGISTRY=registry.example.com/databases\nIMAGE_NAME=cnpg-mcp\nTAG=main-294a09f\nPLATFORM=linux/amd64\n";

/// A folder with `make.env`.
pub fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("make.env", MAKE_ENV);
    folder
}

/// The first run.
pub fn first(auth0: &Auth0) -> [&str; 5] {
    ["auth0", "--domain", auth0.url(), "--api-identifier", API]
}

/// The tenant without its address, which is another one each time.
pub fn state(auth0: &Auth0) -> Value {
    serde_json::from_str(&auth0.state().to_string().replace(auth0.url(), "TENANT")).unwrap()
}

/// The files of a folder, without that address.
pub fn files(auth0: &Auth0, folder: &Folder) -> Vec<(String, String)> {
    folder.files().into_iter().map(|(name, text)| (name, text.replace(auth0.url(), "TENANT"))).collect()
}

/// Every secret and token of a tenant begins with one of these.
#[track_caller]
pub fn says_no_secret(said: &str) {
    for secret in ["auth0-0", "mgmt-token-", "connection-secret"] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// Requests that change something.
pub fn writes(auth0: &Auth0) -> Vec<String> {
    let reads = |request: &String| request.starts_with("GET ") || request == "POST /oauth/token";
    auth0.requests().into_iter().filter(|request| !reads(request)).collect()
}
