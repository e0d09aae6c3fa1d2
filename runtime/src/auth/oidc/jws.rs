//! Signatures of the provider (RFC 7515), RS256 alone.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};

use super::access_token::TokenRefused;
use super::jwks::MAX_KEY_ID;
use super::{ProviderError, ProviderKeys};
use crate::auth::jwt;

/// Most bytes of a token that is looked at.
const MAX_TOKEN: usize = 16 << 10;

/// How far this server's clock and the provider's may differ, in seconds: further apart tokens are refused.
pub const LEEWAY: u64 = 30;

/// What every token of an issuer for an audience must hold: RS256, `iss`, `aud`, `exp`, `sub`, and `nbf`
/// where there is one.
pub(super) fn rules(issuer: &str, audience: &str) -> Validation {
    jwt::install();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.leeway = LEEWAY;
    rules.validate_nbf = true;
    let bare = issuer.strip_suffix('/').unwrap_or(issuer);
    rules.set_issuer(&[bare.to_owned(), format!("{bare}/")]);
    rules.set_audience(&[audience]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules
}

/// The claims of a token that the provider signed and that keeps the rules. `types`: what its header may say
/// of its kind, in lower case; saying nothing is allowed.
pub(super) async fn verify(
    token: &str,
    keys: &ProviderKeys,
    rules: &Validation,
    types: &[&str],
) -> Result<Map<String, Value>, TokenRefused> {
    if token.len() > MAX_TOKEN {
        return Err(TokenRefused::Malformed);
    }
    // Told apart before anything is parsed: what is encrypted is none of this server's business.
    match token.split('.').count() {
        3 => {}
        5 => return Err(TokenRefused::Encrypted),
        _ => return Err(TokenRefused::Malformed),
    }
    let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
        // `none` and names that nobody knows.
        ErrorKind::Json(_) if names_an_algorithm(token) => TokenRefused::Algorithm,
        _ => TokenRefused::Malformed,
    })?;
    if header.alg != Algorithm::RS256 {
        return Err(TokenRefused::Algorithm);
    }
    if header.crit.is_some() {
        // RFC 7515, section 4.1.11: extensions that are not understood.
        return Err(TokenRefused::Malformed);
    }
    // RFC 7515, section 4.1.9: a media type, whose `application/` may be left out.
    let media_type = header.typ.map(|text| text.to_ascii_lowercase());
    let media_type = media_type.as_deref().map(|text| text.strip_prefix("application/").unwrap_or(text));
    if media_type.is_some_and(|text| !types.contains(&text)) {
        return Err(TokenRefused::Kind);
    }
    let kid = header.kid.filter(|kid| !kid.is_empty() && kid.len() <= MAX_KEY_ID).ok_or(TokenRefused::NoKey)?;
    let key = keys.key(&kid).await.map_err(TokenRefused::Unavailable)?.ok_or(TokenRefused::UnknownKey)?;
    let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, rules);
    let claims = decoded.map_err(|error| refused(error.kind()))?.claims;
    // The library lets a list of issuers pass; `iss` is one text (RFC 7519, section 4.1.1).
    let text = |name: &'static str| {
        let text = claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or(TokenRefused::Claim(name))
    };
    text("iss")?;
    text("sub")?;
    Ok(claims)
}

fn names_an_algorithm(token: &str) -> bool {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap_or_default();
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(header)
        .ok()
        .and_then(|header| serde_json::from_slice::<Value>(&header).ok())
        .is_some_and(|header| header.get("alg").is_some_and(Value::is_string))
}

fn refused(kind: &ErrorKind) -> TokenRefused {
    match kind {
        ErrorKind::ExpiredSignature => TokenRefused::Expired,
        ErrorKind::ImmatureSignature => TokenRefused::NotYetValid,
        ErrorKind::InvalidIssuer => TokenRefused::Issuer,
        ErrorKind::InvalidAudience => TokenRefused::Audience,
        ErrorKind::InvalidSignature => TokenRefused::Signature,
        ErrorKind::InvalidAlgorithm => TokenRefused::Algorithm,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            let known = ["exp", "nbf", "iss", "aud", "sub"].into_iter().find(|known| known == claim);
            known.map_or(TokenRefused::Malformed, TokenRefused::Claim)
        }
        _ => TokenRefused::Malformed,
    }
}

impl From<TokenRefused> for ProviderError {
    /// For tokens that came from the provider itself.
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Unavailable(error) => error,
            other => Self::unexpected(format!("its token does not hold: {other}")),
        }
    }
}
