//! The main server's own access tokens: JWTs (RFC 9068) with HS256, for itself alone.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::auth::jwt;
use crate::auth::keys::Keys;
use crate::secret::SecretText;

/// Type in the header of an access token (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// What the token is for; a token of this server for another use is none of these.
const USE: &str = "access";

/// Most bytes of a token that is looked at.
const MAX_TOKEN: usize = 8 << 10;

/// How far the clocks of replicas may differ, in seconds: further apart they refuse each other's tokens.
pub const LEEWAY: u64 = 5;

/// Issues and verifies access tokens.
pub struct AccessTokens {
    issuer: String,
    resource: String,
    /// Names and keys, the issuing one first.
    keys: Vec<(String, DecodingKey)>,
    issuing: Option<EncodingKey>,
    validation: Validation,
}

/// Who gets a token, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The person.
    pub subject: String,
    /// The client program.
    pub client: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// The session that holds the provider's tokens. Its end is the token's end.
    pub session: String,
}

/// What a token says (RFC 9068, section 2.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: this server.
    pub iss: String,
    /// The person.
    pub sub: String,
    /// The resource's canonical URL (RFC 8707): this server's endpoint.
    pub aud: String,
    /// Expiry, in seconds since 1970.
    pub exp: u64,
    /// Not valid before, in seconds since 1970.
    pub nbf: u64,
    /// Time of issue, in seconds since 1970.
    pub iat: u64,
    /// Name of the token.
    pub jti: String,
    /// The client program.
    pub client_id: String,
    /// Scopes, separated by spaces.
    pub scope: String,
    /// The session.
    pub sid: String,
    /// What the token is for.
    token_use: String,
}

impl Claims {
    /// The scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split(' ').filter(|scope| !scope.is_empty())
    }
}

// The session is as good as a secret to whoever can read the store.
impl fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Claims(sub: {:?}, client_id: {:?}, scope: {:?})", self.sub, self.client_id, self.scope)
    }
}

/// A token that is not let in: 401 `invalid_token` (RFC 6750, section 3.1). Nothing of the token is in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// It was valid.
    #[error("the access token has expired")]
    Expired,
    /// It was never valid here.
    #[error("the access token was not issued by this server for this resource")]
    Invalid,
}

/// A token could not be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an access token could not be signed")]
pub struct NotIssued;

impl AccessTokens {
    /// `issuer` is the one string that metadata and the `iss` response parameter have too; `resource` is the
    /// endpoint's canonical URL. Both are compared byte for byte.
    pub fn new(keys: &Keys, issuer: &str, resource: &str) -> Self {
        jwt::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[resource]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        let verifying = |key: &crate::auth::keys::SigningKey| (key.id.clone(), DecodingKey::from_secret(&*key.secret));
        Self {
            issuer: issuer.to_owned(),
            resource: resource.to_owned(),
            keys: keys.signing().iter().map(verifying).collect(),
            issuing: keys.signing().first().map(|key| EncodingKey::from_secret(&*key.secret)),
            validation,
        }
    }

    /// Issues a token that is valid from now on for `life`.
    ///
    /// # Errors
    /// Where it cannot be signed, or a scope has a space in it.
    pub fn issue(&self, grant: &Grant, life: Duration) -> Result<SecretText, NotIssued> {
        if grant.scopes.iter().any(|scope| scope.is_empty() || scope.contains(' ')) {
            return Err(NotIssued);
        }
        let now = jsonwebtoken::get_current_timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: grant.subject.clone(),
            aud: self.resource.clone(),
            exp: now.saturating_add(life.as_secs()),
            nbf: now,
            iat: now,
            jti: uuid::Uuid::new_v4().to_string(),
            client_id: grant.client.clone(),
            scope: grant.scopes.join(" "),
            sid: grant.session.clone(),
            token_use: USE.to_owned(),
        };
        let (Some((id, _)), Some(key)) = (self.keys.first(), &self.issuing) else { return Err(NotIssued) };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(id.clone());
        jsonwebtoken::encode(&header, &claims, key).map(SecretText::new).map_err(|_| NotIssued)
    }

    /// What a token says, where it is one that this server issued for its resource and that has not expired.
    /// Whether its session still lives is for the caller to find out.
    ///
    /// # Errors
    /// Where it is not.
    pub fn verify(&self, token: &str) -> Result<Claims, Refused> {
        if token.len() > MAX_TOKEN || token.split('.').count() != 3 {
            return Err(Refused::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?;
        if header.alg != Algorithm::HS256 || header.typ.as_deref() != Some(TYPE) {
            return Err(Refused::Invalid);
        }
        let key = self.keys.iter().find(|(id, _)| header.kid.as_ref() == Some(id));
        let (_, key) = key.ok_or(Refused::Invalid)?;
        let claims =
            jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => Refused::Expired,
                _ => Refused::Invalid,
            })?;
        if claims.claims.token_use == USE { Ok(claims.claims) } else { Err(Refused::Invalid) }
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccessTokens({:?}, {:?})", self.issuer, self.resource)
    }
}
