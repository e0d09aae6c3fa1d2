//! A program that people log in for, and the browser that they do it with. Both remember every secret that they see.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cnpg_mcp_provider::Provider;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde_json::{Value, json};

use crate::server::Server;
use crate::shared::mcp::{self, http};
use crate::shared::seen::Seen;

pub const REDIRECT: &str = "http://127.0.0.1:33418/callback";

/// From RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What the client wants back with an answer.
pub const STATE: &str = "state-of-the-client-0123456789";

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).unwrap_or_else(|| panic!("no redirect: {self:?}")).to_str().unwrap()
    }

    /// Value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let rest = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
        rest.unwrap_or_else(|| panic!("no field {name}: {self:?}")).split('"').next().unwrap().to_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// Status and error of an answer for programs.
    pub fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

/// Value of a parameter of an address.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let address = Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    address.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// A browser of one person.
pub struct Browser {
    cookies: BTreeMap<String, String>,
    seen: Seen,
}

impl Browser {
    pub fn new(seen: &Seen) -> Self {
        Self { cookies: BTreeMap::new(), seen: seen.clone() }
    }

    pub async fn get(&mut self, address: &str) -> Page {
        self.send(http().get(address)).await
    }

    pub async fn send(&mut self, request: RequestBuilder) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let page = received(&self.seen, request).await;
        for cookie in page.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.seen.add("cookie", value);
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        page
    }

    /// From a client's link to the consent page.
    pub async fn asked(&mut self, link: &str) -> Page {
        let sent = self.get(link).await;
        let page = self.get(sent.location()).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        self.seen.add("form token", &page.field("form_token"));
        page
    }

    /// Sends the form of the consent page, with fields besides its own.
    pub async fn decide(&mut self, server: &Server, page: &Page, decision: &str, more: &[(&str, &str)]) -> Page {
        let (transaction, token) = (page.field("transaction"), page.field("form_token"));
        let fields = [("transaction", transaction.as_str()), ("form_token", &token), ("decision", decision)];
        self.send(http().post(server.at("/consent")).form(&[&fields[..], more].concat())).await
    }

    /// From the consent page back to the client: where the client finds its code, or an error.
    pub async fn allow(&mut self, server: &Server, provider: &Provider, page: &Page) -> String {
        let sent = self.decide(server, page, "allow", &[]).await;
        let back = provider.visit(sent.location()).await.unwrap();
        self.seen.address(&back);
        self.get(&back).await.location().to_owned()
    }
}

/// Sends, and remembers what is secret in the answer.
async fn received(seen: &Seen, request: RequestBuilder) -> Page {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.text().await.unwrap();
    if let Some(location) = headers.get(LOCATION) {
        seen.address(location.to_str().unwrap());
    }
    if let Ok(answer) = serde_json::from_str(&body) {
        seen.answer(&answer);
    }
    Page { status, headers, body }
}

/// How a client shows its secret (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    Nothing,
    InForm,
    InHeader,
}

/// A registered program.
pub struct Client {
    pub id: String,
    secret: String,
    shows: Shows,
    pub seen: Seen,
}

impl Client {
    /// A public client.
    pub async fn register(server: &Server) -> Self {
        Self::register_as(server, "Test client", Shows::Nothing, &Seen::default()).await
    }

    pub async fn register_as(server: &Server, name: &str, shows: Shows, seen: &Seen) -> Self {
        let method = match shows {
            Shows::Nothing => "none",
            Shows::InForm => "client_secret_post",
            Shows::InHeader => "client_secret_basic",
        };
        let metadata =
            json!({ "client_name": name, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": method });
        let registered = received(seen, http().post(server.at("/register")).json(&metadata)).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
        let text = |name: &str| registered.json()[name].as_str().unwrap_or_default().to_owned();
        seen.add("verifier", VERIFIER);
        Self { id: text("client_id"), secret: text("client_secret"), shows, seen: seen.clone() }
    }

    /// A link to log in. `scope`: what is asked for, if anything.
    pub fn link(&self, server: &Server, scope: Option<&str>) -> String {
        let mut asks = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("state", STATE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        asks.extend(scope.map(|scope| ("scope", scope)));
        let link = Url::parse_with_params(&server.at("/authorize"), asks).unwrap().to_string();
        self.seen.address(&link);
        link
    }

    /// The code of a login from beginning to end.
    pub async fn code(&self, server: &Server, provider: &Provider, scope: Option<&str>) -> String {
        let mut browser = Browser::new(&self.seen);
        let page = browser.asked(&self.link(server, scope)).await;
        let back = browser.allow(server, provider, &page).await;
        parameter(&back, "code").unwrap_or_else(|| panic!("{back}"))
    }

    /// Tokens of a login from beginning to end.
    pub async fn log_in(&self, server: &Server, provider: &Provider, scope: Option<&str>) -> Value {
        let code = self.code(server, provider, scope).await;
        let issued = self.redeem(server, &code, VERIFIER).await;
        assert_eq!(issued.status, StatusCode::OK, "{issued:?}");
        issued.json()
    }

    pub async fn redeem(&self, server: &Server, code: &str, verifier: &str) -> Page {
        let fields = [("redirect_uri", REDIRECT), ("code_verifier", verifier), ("code", code)];
        self.form(server, "/token", &[&[("grant_type", "authorization_code")], &fields[..]].concat()).await
    }

    pub async fn refresh(&self, server: &Server, token: &str) -> Page {
        self.form(server, "/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn revoke(&self, server: &Server, token: &str) -> Page {
        self.form(server, "/revoke", &[("token", token)]).await
    }

    /// Sends a form as this client.
    pub async fn form(&self, server: &Server, path: &str, fields: &[(&str, &str)]) -> Page {
        self.form_with(server, path, fields, &self.secret).await
    }

    /// The same with a secret that need not be the client's.
    pub async fn form_with(&self, server: &Server, path: &str, fields: &[(&str, &str)], secret: &str) -> Page {
        let mut fields = fields.to_vec();
        let mut request = http().post(server.at(path));
        match self.shows {
            Shows::InHeader => {
                let shown = URL_SAFE_NO_PAD.encode(format!("{}:{secret}", self.id));
                self.seen.add("header with a secret", &shown);
                request = request.header(AUTHORIZATION, basic(&self.id, secret));
            }
            Shows::InForm => fields.extend([("client_id", self.id.as_str()), ("client_secret", secret)]),
            Shows::Nothing => fields.push(("client_id", &self.id)),
        }
        received(&self.seen, request.form(&fields)).await
    }
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}

/// The token of an answer.
pub fn access(issued: &Value) -> &str {
    issued["access_token"].as_str().unwrap_or_else(|| panic!("{issued}"))
}

/// What a call of a tool answers, let in by a token.
pub async fn called(server: &Server, token: &str, tool: &str, arguments: &Value) -> Value {
    let response = mcp::alone(&server.mcp(), Some(token), mcp::call(tool, arguments)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{tool}: {response:?}");
    mcp::answered(response).await
}
