//! What has to be at Auth0.

use cnpg_mcp_runtime::auth::configuration::PublicUrl;
use serde_json::{Map, Value, json};

use super::config;

/// Scopes of the API, by what tools do (`effect_scopes` of the server), with what Auth0 tells people of them.
const SCOPES: [(&str, &str); 3] = [
    ("cnpg:read", "See PostgreSQL clusters, roles, databases and backups"),
    ("cnpg:write", "Make and change PostgreSQL clusters, roles, databases and backups"),
    ("cnpg:destroy", "Delete PostgreSQL clusters, roles, databases and backups"),
];

/// Where the test client is sent back to. Auth0 compares ports too, so this one is fixed.
const LOOPBACK: [&str; 2] = ["http://127.0.0.1:8976/callback", "http://localhost:8976/callback"];

/// What later runs need of the Management API. It cannot make clients, nor grant anything: whoever gets hold of the
/// client's secret gains no further rights by it.
pub const MANAGEMENT_SCOPES: [&str; 8] = [
    "read:resource_servers",
    "update:resource_servers",
    "read:clients",
    "update:clients",
    "update:client_keys",
    "read:client_grants",
    "read:connections",
    "update:connections",
];

/// The connection that is used where none is named.
pub const USUAL_CONNECTION: &str = "Username-Password-Authentication";

/// Which of the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The server, which sends people to Auth0.
    Server,
    /// The command line, and others that ask Auth0 for a token themselves.
    Test,
    /// Later runs of the set-up.
    Management,
}

impl Role {
    /// Its key in the file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Server => config::SERVER,
            Self::Test => config::TEST,
            Self::Management => config::MANAGEMENT,
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Server => "server client",
            Self::Test => "test client",
            Self::Management => "management client",
        }
    }

    /// Whether it has a secret.
    pub fn is_confidential(self) -> bool {
        self != Self::Test
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Test => "test",
            Self::Management => "management",
        }
    }
}

/// The API.
pub fn api(identifier: &str) -> Map<String, Value> {
    let scopes: Vec<Value> =
        SCOPES.iter().map(|(value, description)| json!({ "value": value, "description": description })).collect();
    object(json!({
        "name": format!("cnpg-mcp ({identifier})"),
        "identifier": identifier,
        "signing_alg": "RS256",
        // For refresh tokens.
        "allow_offline_access": true,
        "skip_consent_for_verifiable_first_party_clients": true,
        "scopes": scopes,
    }))
}

/// A client.
pub fn client(role: Role, identifier: &str, public_url: &PublicUrl) -> Map<String, Value> {
    let mut client = object(json!({
        "name": format!("cnpg-mcp {} ({identifier})", role.mark()),
        // Names are not unique at Auth0: by this it is found again.
        "client_metadata": marks(role, identifier),
        "is_first_party": true,
        "oidc_conformant": true,
        "jwt_configuration": { "alg": "RS256" },
    }));
    let rotating = json!({
        "rotation_type": "rotating",
        "expiration_type": "expiring",
        // An answer that was lost can be asked for again.
        "leeway": 30,
        "token_lifetime": 2_592_000,
    });
    let more = match role {
        Role::Server => json!({
            "app_type": "regular_web",
            "callbacks": [callback(public_url)],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post",
            "refresh_token": rotating,
        }),
        Role::Test => json!({
            "app_type": "native",
            "callbacks": LOOPBACK,
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "token_endpoint_auth_method": "none",
            "refresh_token": rotating,
        }),
        Role::Management => json!({
            "app_type": "non_interactive",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
        }),
    };
    client.extend(object(more));
    client
}

/// Where Auth0 sends people back to the server.
pub fn callback(public_url: &PublicUrl) -> String {
    public_url.at("/auth/callback")
}

/// Whether a client is the one of a role.
pub fn is_marked(client: &Value, role: Role, identifier: &str) -> bool {
    let marks = object(marks(role, identifier));
    marks.iter().all(|(name, value)| client["client_metadata"][name] == *value)
}

fn marks(role: Role, identifier: &str) -> Value {
    json!({ "cnpg_mcp": role.mark(), "cnpg_mcp_api": identifier })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
