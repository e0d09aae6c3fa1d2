//! What is reached over the internet: the identity provider, and the server's own address.

use std::sync::Arc;

use cnpg_mcp_runtime::auth::configuration::PublicUrl;
use cnpg_mcp_runtime::auth::oidc::{Discovery, ProviderHttp, ProviderKeys};

use super::clock::Clocks;
use super::reach::{self, Unreached};
use super::report::Report;

/// Discovery and keys of the provider.
pub async fn provider(issuer: &str, jwks_uri: Option<&str>, clocks: &mut Clocks, report: &mut Report) {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    match reach::get(&url).await {
        Ok(answer) => clocks.provider = answer.clock,
        Err(why) => {
            let next = match why {
                Unreached::Authority => {
                    "where its authority is your own: let SSL_CERT_FILE name a file with it (docs/oidc.md)"
                }
                Unreached::Expired(_) | Unreached::Early(_) => {
                    "renew the provider's certificate, or set this machine's clock"
                }
                Unreached::Name(_) => "check the issuer, and DNS here (in a pod: the NetworkPolicy lets DNS through?)",
                _ => "check the issuer, and the network between: proxies, firewalls, the NetworkPolicy",
            };
            return report.failure(format_args!("provider: {url}: {why}"), next);
        }
    }
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
        Err(error) => {
            let next = "check the issuer: it is what the provider's discovery document says";
            return report.failure(format_args!("provider: {error}"), next);
        }
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
}

/// DNS, TLS and the server behind the public address.
pub async fn public_url(url: &PublicUrl, clocks: &mut Clocks, report: &mut Report) {
    let document = url.at("/.well-known/oauth-protected-resource");
    let answer = match reach::get(&document).await {
        Ok(answer) => answer,
        Err(why) => return report.failure(format_args!("public URL: {url}: {why}"), mended(&why)),
    };
    let host = url.authority().rsplit_once(':').map_or(url.authority(), |(host, _)| host);
    // Behind a proxy names need not be known here.
    if let Some(address) = reach::look_up(host).await {
        report.ok(format_args!("public URL: `{host}` is {address}"));
    }
    let resource = answer.body["resource"].as_str().unwrap_or_default();
    if answer.status.is_success() && resource.starts_with(url.as_str()) {
        clocks.server = answer.clock;
        let how = if url.as_str().starts_with("https:") { "TLS" } else { "loopback" };
        report.ok(format_args!("public URL: {url} is this server, over {how}"));
    } else if answer.status.is_success() {
        let next = "the server's public_url must be the address by which it is reached (publicUrl, ingress.host)";
        report.failure(format_args!("public URL: what answers at {url} says that it is `{resource}`"), next);
    } else {
        let next = "deploy the server (`make deploy`), and look at the Ingress and the pods behind it";
        report.failure(format_args!("public URL: {document} answers {}", answer.status), next);
    }
}

/// What to do where the public address does not answer.
fn mended(why: &Unreached) -> &'static str {
    match why {
        Unreached::Name(_) => {
            "make a DNS record for the ingress controller's address (`kubectl get ingress`), or wait for it"
        }
        Unreached::Refused => {
            "check the port of publicUrl, and that the ingress controller's Service is reached from outside (`kubectl get services --all-namespaces`)"
        }
        Unreached::Silent => "check the firewall before the ingress controller, and that it runs",
        Unreached::Plain => {
            "turn TLS on where it ends (ingress.tls.enabled, or the Gateway's listener), or mend the port of publicUrl"
        }
        Unreached::Authority => {
            "clients will refuse it too: use a certificate of a public authority; an ingress controller shows one of its own while the Secret of ingress.tls.secretName is missing"
        }
        Unreached::OtherNames(_) => "ask for a certificate of this name (ingress.tls.secretName, cert-manager)",
        Unreached::Expired(_) => {
            "renew it (`kubectl get certificates`, the Secret of ingress.tls.secretName), or set this machine's clock"
        }
        Unreached::Early(_) => "set the clock of this machine, or of the one that made the certificate",
        Unreached::Other(_) => {
            "check the certificate (ingress.tls.secretName) and that the ingress controller can be reached"
        }
    }
}
