//! What a tenant has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::scopes;

/// Objects in the order in which they were made, and tokens.
pub struct Tenant {
    resource_servers: Vec<Value>,
    clients: Vec<Value>,
    client_grants: Vec<Value>,
    connections: Vec<Value>,
    made: u32,
    secrets: u32,
    pub tokens: BTreeMap<String, Vec<String>>,
}

impl Tenant {
    pub fn new(url: &str) -> Self {
        let scopes: Vec<Value> = scopes::ALL.iter().map(|scope| json!({ "value": scope })).collect();
        Self {
            // The Management API itself, which nobody may change.
            resource_servers: vec![json!({
                "id": "api_system",
                "name": "Auth0 Management API",
                "identifier": format!("{url}/api/v2/"),
                "is_system": true,
                "scopes": scopes,
            })],
            clients: Vec::new(),
            client_grants: Vec::new(),
            connections: vec![connection("con_default", "Username-Password-Authentication", "Company login")],
            made: 0,
            secrets: 0,
            tokens: BTreeMap::new(),
        }
    }

    pub fn list(&mut self, name: &str) -> &mut Vec<Value> {
        match name {
            "clients" => &mut self.clients,
            "client_grants" => &mut self.client_grants,
            "connections" => &mut self.connections,
            _ => &mut self.resource_servers,
        }
    }

    /// The object of a list whose field has that value.
    pub fn find(&mut self, list: &str, field: &str, value: &str) -> Option<&mut Value> {
        self.list(list).iter_mut().find(|object| object[field] == value)
    }

    pub fn state(&self) -> Value {
        json!({
            "resource_servers": self.resource_servers,
            "clients": self.clients,
            "client_grants": self.client_grants,
            "connections": self.connections,
        })
    }

    pub fn id(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}{:04}", self.made)
    }

    /// A secret that no text holds by chance.
    pub fn secret(&mut self) -> String {
        self.secrets += 1;
        format!("auth0-{:04}-Zk3vQ9wXb7LmT2sRc8YdHn5PfGj6", self.secrets)
    }

    pub fn issue(&mut self, scopes: Vec<String>) -> String {
        let token = format!("mgmt-token-{:04}-Vh2Kq8Wz5Nd7Xs3Lb9", self.tokens.len());
        self.tokens.insert(token.clone(), scopes);
        token
    }

    pub fn crowd(&mut self, clients: usize, connections: usize) {
        for number in 0..clients {
            let (id, secret) = (self.id("client"), self.secret());
            self.clients.push(json!({
                "client_id": id,
                "client_secret": secret,
                "name": format!("Somebody's application {number}"),
                "app_type": "spa",
            }));
        }
        for number in 0..connections {
            let id = self.id("con_");
            // Before the usual one, so that this is not on the first page.
            self.connections.insert(0, connection(&id, &format!("enterprise-{number}"), "Enterprise"));
        }
    }
}

fn connection(id: &str, name: &str, display_name: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "display_name": display_name,
        "strategy": if name.starts_with("enterprise") { "oidc" } else { "auth0" },
        "is_domain_connection": false,
        "realms": [name],
        "options": { "passwordPolicy": "good", "configuration": { "PASSWORD": "connection-secret-4Tq9" } },
        "clients": [],
    })
}
