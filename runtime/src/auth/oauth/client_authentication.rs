//! Which client asks at `/token` and `/revoke` (RFC 6749, section 2.3).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::Client;
use super::failure::{Refusal, Sorry};
use super::parameters::Parameters;
use super::{Shared, authorize};
use crate::secret::SecretText;

/// The client that asks: public ones say who they are, others show their secret too, by the header or in the form.
pub(super) async fn client(shared: &Shared, headers: &HeaderMap, form: &Parameters) -> Result<Client, Refusal> {
    let header = basic(headers)?;
    let by_header = header.is_some();
    let in_form = form.get("client_id").map(str::to_owned);
    let (id, secret) = if let Some((id, secret)) = header {
        if form.get("client_secret").is_some() || in_form.is_some_and(|other| other != id) {
            return Err(Refusal::invalid_request("the client shows itself in two ways at once"));
        }
        (id, Some(secret).filter(|secret| !secret.expose().is_empty()))
    } else {
        let id = in_form.ok_or_else(|| Refusal::invalid_client(false))?;
        (id, form.get("client_secret").map(|secret| SecretText::new(secret.to_owned())))
    };
    let found = match authorize::find(shared, &id).await {
        Ok(client) => Some(client),
        Err(Sorry { retry_after: Some(_), .. }) => {
            return Err(Refusal::unavailable("the session store is not available; try again"));
        }
        Err(_) => None,
    };
    found
        .filter(|client| client.is_shown_by(secret.as_ref().map(SecretText::expose)))
        .ok_or_else(|| Refusal::invalid_client(by_header))
}

/// Identifier and secret of the `Authorization` header (RFC 7617), each form-encoded (RFC 6749, section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, SecretText)>, Refusal> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let decoded = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, pair)| STANDARD.decode(pair.trim()).ok())
        .and_then(|pair| String::from_utf8(pair).ok());
    let pair = decoded.as_ref().and_then(|pair| pair.split_once(':'));
    let (id, secret) = pair.ok_or_else(|| Refusal::invalid_client(true))?;
    Ok(Some((form_decoded(id), SecretText::new(form_decoded(secret)))))
}

fn form_decoded(text: &str) -> String {
    // As the value of a parameter; what would end it is escaped first.
    let text = text.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(format!("v={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_header_is_read() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            basic(&headers).map(|pair| pair.map(|(id, secret)| (id, secret.expose().to_owned())))
        };
        let encoded = STANDARD.encode("https%3A%2F%2Fa.example%2Fc:s%26=+x");
        let pair = ("https://a.example/c".to_owned(), "s&= x".to_owned());
        assert_eq!(read(&format!("Basic {encoded}")).unwrap(), Some(pair));
        for bad in ["Basic", "Basic !", "Bearer abc", &format!("Basic {}", STANDARD.encode("no colon"))] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(basic(&HeaderMap::new()).unwrap().is_none());
    }
}
