//! Requests of a client to the provider's form endpoints, with what proves who asks.

use reqwest::{StatusCode, Url};

use super::http::{Answer, ProviderHttp};
use super::{Metadata, ProviderError, Refusal};
use crate::secret::{KnownSecrets, SecretText};

/// Who asks.
pub(super) struct Asker<'a> {
    pub(super) client: &'a str,
    /// `None` for a public client.
    pub(super) secret: Option<SecretText>,
}

/// Fields of a form whose values are secrets.
const SECRETS: [&str; 5] = ["code", "code_verifier", "refresh_token", "token", "device_code"];

/// Sends a form (RFC 6749, section 2.3.1). The secret goes into the form where the provider takes that, since
/// every client can be told so; else into the header.
pub(super) async fn send(
    http: &ProviderHttp,
    metadata: &Metadata,
    url: &Url,
    asker: &Asker<'_>,
    fields: &[(&str, &str)],
) -> Result<Vec<u8>, ProviderError> {
    let mut form = fields.to_vec();
    let mut secrets = KnownSecrets::default();
    for (_, value) in fields.iter().filter(|(name, _)| SECRETS.contains(name)) {
        secrets.add(value);
    }
    let mut basic = None;
    match &asker.secret {
        Some(secret) => {
            secrets.add(secret.expose());
            if metadata.takes_secret_in_form {
                form.extend([("client_id", asker.client), ("client_secret", secret.expose())]);
            } else {
                basic = Some((encoded(asker.client), SecretText::new(encoded(secret.expose()))));
            }
        }
        None => form.push(("client_id", asker.client)),
    }
    let basic = basic.as_ref().map(|(client, secret)| (client.as_str(), secret));
    let Answer { status, body } = http.post(url, &form, basic).await?;
    if status == StatusCode::OK {
        return Ok(body);
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) if status.is_client_error() => Err(ProviderError::Refused(refusal.cleaned(&secrets))),
        _ => Err(ProviderError::unexpected(format!("{} answers {status}", url.path()))),
    }
}

/// As both halves of the header are written before they are put together (RFC 6749, section 2.3.1).
fn encoded(text: &str) -> String {
    crate::kind::percent_encode(text)
}
