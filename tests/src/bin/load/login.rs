//! Logins at the OAuth proxy, with a browser that is played over HTTP.

use anyhow::Context as _;
use cnpg_mcp_provider::Provider;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response, Url};
use serde_json::{Value, json};

const REDIRECT: &str = "http://127.0.0.1:33418/callback";

/// From RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A registered client of a server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: String,
    id: String,
}

impl Client {
    /// Registers at a server. `server`: its address without a path.
    pub async fn register(server: &str) -> anyhow::Result<Self> {
        cnpg_mcp_runtime::tls::install();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let metadata =
            json!({ "client_name": "load", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
        let registered: Value = http.post(format!("{server}/register")).json(&metadata).send().await?.json().await?;
        let id = registered["client_id"].as_str().with_context(|| registered.to_string())?.to_owned();
        Ok(Self { http, server: server.to_owned(), id })
    }

    /// The access token of a login from beginning to end: consent, provider, callback, code.
    pub async fn log_in(&self, provider: &Provider) -> anyhow::Result<String> {
        let mut cookies = Vec::new();
        let asks = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("state", "load"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let link = Url::parse_with_params(&format!("{}/authorize", self.server), asks)?;
        let sent = go(&mut cookies, self.http.get(link)).await?;
        let page = go(&mut cookies, self.http.get(location(&sent)?)).await?.text().await?;
        let fields = [("transaction", field(&page, "transaction")?), ("form_token", field(&page, "form_token")?)];
        let form = [&fields[..], &[("decision", "allow".to_owned())]].concat();
        let sent = go(&mut cookies, self.http.post(format!("{}/consent", self.server)).form(&form)).await?;
        let back = provider.visit(&location(&sent)?).await?;
        let sent = go(&mut cookies, self.http.get(back)).await?;
        let brought = location(&sent)?;
        let brought = Url::parse(&brought)?;
        let code = brought.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
        let code = code.with_context(|| format!("no code in {brought}"))?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("code", &code),
        ];
        let issued: Value = self.http.post(format!("{}/token", self.server)).form(&form).send().await?.json().await?;
        Ok(issued["access_token"].as_str().with_context(|| issued.to_string())?.to_owned())
    }
}

async fn go(cookies: &mut Vec<String>, request: RequestBuilder) -> anyhow::Result<Response> {
    let response = request.header(COOKIE, cookies.join("; ")).send().await?;
    for cookie in response.headers().get_all(SET_COOKIE) {
        cookies.extend(cookie.to_str()?.split(';').next().map(str::to_owned));
    }
    Ok(response)
}

fn location(response: &Response) -> anyhow::Result<String> {
    let location = response.headers().get(LOCATION).with_context(|| format!("no redirect: {response:?}"))?;
    Ok(response.url().join(location.to_str()?)?.to_string())
}

/// Value of a hidden field.
fn field(page: &str, name: &str) -> anyhow::Result<String> {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).with_context(|| format!("no {name}: {page}"))?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}
