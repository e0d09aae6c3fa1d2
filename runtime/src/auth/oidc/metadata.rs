//! What the provider says of itself (`OpenID` Connect Discovery 1.0, section 3).

use reqwest::Url;
use serde::Deserialize;

use super::{ProviderError, same_issuer};

/// The provider's endpoints. Each is an address that may be used: `https`, unless the issuer itself is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer as the provider writes it, which is what its tokens say.
    pub issuer: String,
    /// Where people log in.
    pub authorization_endpoint: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: Url,
    /// The keys that it signs with.
    pub jwks_uri: Url,
    /// Where tokens are revoked (RFC 7009), where it can.
    pub revocation_endpoint: Option<Url>,
    /// Where devices ask for codes (RFC 8628), where it can.
    pub device_authorization_endpoint: Option<Url>,
    /// Whether every answer of the authorization endpoint names the issuer (RFC 9207).
    pub names_issuer_in_answers: bool,
    /// Whether clients show their secret in the form (`client_secret_post`) and not only in the header.
    pub takes_secret_in_form: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    revocation_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    /// Where it says nothing, the header alone is meant.
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

impl Metadata {
    /// Reads the document of an issuer, which may differ from what was configured by a slash at its end.
    pub(super) fn read(body: &[u8], issuer: &str) -> Result<Self, ProviderError> {
        let document: Document = serde_json::from_slice(body).map_err(|error| {
            ProviderError::unexpected(format!("the discovery document is not as it should be ({error})"))
        })?;
        if !same_issuer(&document.issuer, issuer) {
            let found: String = document.issuer.chars().filter(|character| !character.is_control()).take(200).collect();
            return Err(ProviderError::unexpected(format!(
                "the discovery document of `{issuer}` is that of another issuer, `{found}`; configure the issuer as the provider writes it"
            )));
        }
        let usable = |name: &str, text: &str| endpoint(name, text, issuer);
        let optional = |name: &str, text: Option<String>| text.map(|text| usable(name, &text)).transpose();
        Ok(Self {
            authorization_endpoint: usable("authorization_endpoint", &document.authorization_endpoint)?,
            token_endpoint: usable("token_endpoint", &document.token_endpoint)?,
            jwks_uri: usable("jwks_uri", &document.jwks_uri)?,
            revocation_endpoint: optional("revocation_endpoint", document.revocation_endpoint)?,
            device_authorization_endpoint: optional(
                "device_authorization_endpoint",
                document.device_authorization_endpoint,
            )?,
            names_issuer_in_answers: document.authorization_response_iss_parameter_supported,
            takes_secret_in_form: document
                .token_endpoint_auth_methods_supported
                .iter()
                .any(|method| method == "client_secret_post"),
            issuer: document.issuer,
        })
    }
}

/// An address of the provider. Secrets are sent there, so it is as safe as the issuer's own.
pub(super) fn endpoint(name: &str, text: &str, issuer: &str) -> Result<Url, ProviderError> {
    let url = Url::parse(text).ok().filter(|url| url.has_host() && url.username().is_empty());
    let url = url.ok_or_else(|| ProviderError::unexpected(format!("`{name}` of `{issuer}` is no address")))?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && issuer.starts_with("http://"));
    if safe { Ok(url) } else { Err(ProviderError::unexpected(format!("`{name}` of `{issuer}` is not https"))) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document() -> Value {
        json!({
            "issuer": "https://tenant.example.com/",
            "authorization_endpoint": "https://tenant.example.com/authorize",
            "token_endpoint": "https://tenant.example.com/oauth/token",
            "jwks_uri": "https://tenant.example.com/.well-known/jwks.json",
        })
    }

    fn read(document: &Value, issuer: &str) -> Result<Metadata, ProviderError> {
        Metadata::read(document.to_string().as_bytes(), issuer)
    }

    #[test]
    fn a_slash_makes_no_other_issuer() {
        for issuer in ["https://tenant.example.com", "https://tenant.example.com/"] {
            let metadata = read(&document(), issuer).unwrap();
            assert_eq!(metadata.issuer, "https://tenant.example.com/");
            assert!(!metadata.names_issuer_in_answers && !metadata.takes_secret_in_form);
        }
        for issuer in ["https://tenant.example.com//", "https://other.example.com/", "http://tenant.example.com/"] {
            let error = read(&document(), issuer).unwrap_err().to_string();
            assert!(error.contains("another issuer, `https://tenant.example.com/`"), "{error}");
        }
    }

    #[test]
    fn endpoints_that_cannot_be_used_are_named() {
        for (value, problem) in [
            (
                json!("http://tenant.example.com/oauth/token"),
                "`token_endpoint` of `https://tenant.example.com/` is not https",
            ),
            (json!("file:///etc/passwd"), "is no address"),
            (json!("/oauth/token"), "is no address"),
            (json!("https://user@tenant.example.com/token"), "is no address"),
            (json!(7), "discovery document is not as it should be"),
        ] {
            let mut document = document();
            document["token_endpoint"] = value;
            let error = read(&document, "https://tenant.example.com/").unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        assert!(Metadata::read(b"<html>", "https://tenant.example.com/").is_err());
    }
}
