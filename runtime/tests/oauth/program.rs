//! An OAuth client: registers, sends people to log in, redeems codes, refreshes and revokes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::browser::{Browser, http, parameter};
use crate::world::{Replica, World};

/// A registered public client.
#[derive(Debug, Clone)]
pub struct Program {
    pub id: String,
    pub redirect: String,
    pub verifier: String,
}

/// An answer of an endpoint for programs.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    pub fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"].as_str().unwrap_or_default())
    }

    pub fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }
}

/// Sends a form.
pub async fn post(url: &str, fields: &[(&str, &str)]) -> Answer {
    let response = http().post(url).form(fields).send().await.unwrap();
    let status = response.status();
    let body = response.bytes().await.unwrap();
    Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

/// Registers with metadata.
pub async fn register(replica: &Replica, metadata: &Value) -> Answer {
    let response = http().post(replica.url("/register")).json(metadata).send().await.unwrap();
    let status = response.status();
    let body = response.bytes().await.unwrap();
    Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

impl Program {
    /// Registers one that calls itself Claude.
    pub async fn register(replica: &Replica) -> Self {
        Self::register_with(replica, "Claude", "https://claude.ai/api/mcp/auth_callback").await
    }

    pub async fn register_with(replica: &Replica, name: &str, redirect: &str) -> Self {
        let metadata = json!({
            "client_name": name,
            "redirect_uris": [redirect],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        });
        let registered = register(replica, &metadata).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
        let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(registered.text("client_id")));
        Self { id: registered.text("client_id"), redirect: redirect.to_owned(), verifier }
    }

    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }

    /// Parameters of a link to log in.
    pub fn asks(&self, replica: &Replica) -> Vec<(&'static str, String)> {
        vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.id.clone()),
            ("redirect_uri", self.redirect.clone()),
            ("state", "state of the client".to_owned()),
            ("code_challenge", self.challenge()),
            ("code_challenge_method", "S256".to_owned()),
            ("resource", replica.proxy.resource().to_owned()),
        ]
    }

    /// A link to log in.
    pub fn link(&self, replica: &Replica) -> String {
        link(replica, &self.asks(replica))
    }

    /// The code of a login from beginning to end.
    pub async fn code(&self, world: &World, replicas: &[&Replica]) -> String {
        let back = Browser::default().log_in(world, replicas, &self.link(replicas[0])).await;
        parameter(&back, "code").unwrap_or_else(|| panic!("{back}"))
    }

    /// Fields of a redemption.
    pub fn redeems<'a>(&'a self, code: &'a str) -> Vec<(&'static str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &self.verifier),
        ]
    }

    pub async fn redeem(&self, replica: &Replica, code: &str) -> Answer {
        post(&replica.url("/token"), &self.redeems(code)).await
    }

    pub async fn refresh(&self, replica: &Replica, token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("client_id", self.id.as_str()), ("refresh_token", token)];
        post(&replica.url("/token"), &fields).await
    }

    pub async fn revoke(&self, replica: &Replica, token: &str) -> Answer {
        post(&replica.url("/revoke"), &[("client_id", self.id.as_str()), ("token", token)]).await
    }

    /// Access and refresh token of a login from beginning to end.
    pub async fn log_in(&self, world: &World, replica: &Replica) -> (String, String) {
        let code = self.code(world, &[replica]).await;
        let issued = self.redeem(replica, &code).await;
        assert_eq!(issued.status, StatusCode::OK, "{issued:?}");
        (issued.text("access_token"), issued.text("refresh_token"))
    }
}

/// A link with parameters.
pub fn link(replica: &Replica, parameters: &[(&'static str, String)]) -> String {
    let url = reqwest::Url::parse_with_params(&format!("{}/authorize", replica.public_url), parameters).unwrap();
    url.to_string()
}
