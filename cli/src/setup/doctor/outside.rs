//! What is reached over the internet: the identity provider, and the server's own address.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use cnpg_mcp_runtime::auth::configuration::PublicUrl;
use cnpg_mcp_runtime::auth::oidc::{Discovery, ProviderHttp, ProviderKeys};
use reqwest::header::DATE;
use serde_json::Value;

use super::clock::Clocks;
use super::report::Report;

/// Time for one exchange.
const PATIENCE: Duration = Duration::from_secs(10);

/// Discovery and keys of the provider.
pub async fn provider(issuer: &str, jwks_uri: Option<&str>, clocks: &mut Clocks, report: &mut Report) {
    let next = "check the issuer and the network between; the issuer is what the provider's discovery document says";
    let http = match ProviderHttp::new() {
        Ok(http) => http,
        Err(error) => return report.failure(format_args!("provider: {error}"), "install certificate authorities"),
    };
    let discovery = Arc::new(Discovery::new(issuer, http));
    match discovery.metadata().await {
        Ok(metadata) if metadata.issuer == issuer => report.ok(format_args!("provider: `{issuer}` answers discovery")),
        Ok(metadata) => report.warning(
            format_args!("provider: it writes its issuer `{}`, and the configuration `{issuer}`", metadata.issuer),
            "write it as the provider does",
        ),
        Err(error) => return report.failure(format_args!("provider: {error}"), next),
    }
    let keys = match ProviderKeys::new(discovery, jwks_uri) {
        Ok(keys) => keys.warm().await,
        Err(error) => Err(error),
    };
    match keys {
        Ok(()) => report.ok("provider: its keys can be used (RS256)"),
        Err(error) => {
            report.failure(format_args!("provider: {error}"), "check jwks_uri; the provider must sign with RS256");
        }
    }
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    if let Ok(response) = client().and_then(|client| client.get(url).build().map(|request| (client, request)))
        && let Ok(answer) = response.0.execute(response.1).await
    {
        clocks.add("the identity provider", answer.headers().get(DATE).and_then(|date| date.to_str().ok()));
    }
}

/// DNS, TLS and the server behind the public address.
pub async fn public_url(url: &PublicUrl, clocks: &mut Clocks, report: &mut Report) {
    let host = url.authority().rsplit_once(':').map_or(url.authority(), |(host, _)| host);
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.trim_matches(['[', ']']), 443))).await;
    let Ok(Ok(Some(address))) = found.map(|found| found.map(|mut addresses| addresses.next())) else {
        let next = "make a DNS record for the ingress controller's address (`kubectl get ingress`), or wait for it";
        return report.failure(format_args!("public URL: the name `{host}` is not known"), next);
    };
    report.ok(format_args!("public URL: `{host}` is {}", address.ip()));
    let document = url.at("/.well-known/oauth-protected-resource");
    let answer = match client() {
        Ok(client) => client.get(&document).send().await,
        Err(error) => Err(error),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let error = error.without_url();
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(current) = cause {
                text = format!("{text}: {current}");
                cause = current.source();
            }
            let next = "check the certificate (ingress.tls.secretName) and that the ingress controller can be reached";
            return report.failure(format_args!("public URL: {document}: {text}"), next);
        }
    };
    clocks.add("the public URL", answer.headers().get(DATE).and_then(|date| date.to_str().ok()));
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    let resource = body["resource"].as_str().unwrap_or_default();
    if status.is_success() && resource.starts_with(url.as_str()) {
        report.ok(format_args!(
            "public URL: {url} is this server, over {}",
            if url.is_loopback() { "loopback" } else { "TLS" }
        ));
    } else if status.is_success() {
        let next = "the server's public_url must be the address by which it is reached (publicUrl, ingress.host)";
        report.failure(format_args!("public URL: what answers at {url} says that it is `{resource}`"), next);
    } else {
        let next = "deploy the server (`make deploy`), and look at the Ingress and the pods behind it";
        report.failure(format_args!("public URL: {document} answers {status}"), next);
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    cnpg_mcp_runtime::tls::install();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()
}
