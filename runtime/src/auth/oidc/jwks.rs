//! A set of keys (RFC 7517, section 5), reduced to what may verify a signature here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use super::ProviderError;

/// Most keys of a set that are looked at.
const MAX_KEYS: usize = 100;

/// Longest name of a key.
pub(super) const MAX_KEY_ID: usize = 256;

/// Bytes of an RSA modulus: 2048 to 8192 bits (RFC 7518, section 3.3; `ring` takes no other).
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// RSA keys for signatures, by name.
#[derive(Debug)]
pub(super) struct Jwks(BTreeMap<String, Key>);

/// [`DecodingKey`] with a `Debug` of its own.
struct Key(DecodingKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RSA")
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwks {
    /// Reads a set. Keys of other kinds and uses are passed over: a symmetric key in a public document
    /// (`oct`) would be a secret that everybody has.
    pub(super) fn read(body: &[u8]) -> Result<Self, ProviderError> {
        let set: Set = serde_json::from_slice(body).map_err(|error| {
            ProviderError::unexpected(format!("the set of keys is not as it should be ({:?})", error.classify()))
        })?;
        let mut keys = BTreeMap::new();
        for (kid, key) in set.keys.into_iter().take(MAX_KEYS).filter_map(usable) {
            keys.entry(kid).or_insert(Key(key));
        }
        if keys.is_empty() {
            return Err(ProviderError::unexpected("the set of keys has no RSA key for signatures with a `kid`"));
        }
        Ok(Self(keys))
    }

    pub(super) fn key(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid).map(|key| &key.0)
    }
}

fn usable(value: Value) -> Option<(String, DecodingKey)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let fits = jwk.kty == "RSA"
        && jwk.usage.is_none_or(|usage| usage == "sig")
        && jwk.alg.is_none_or(|algorithm| algorithm == "RS256")
        && jwk.key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    let kid = jwk.kid.filter(|kid| fits && !kid.is_empty() && kid.len() <= MAX_KEY_ID)?;
    let modulus = URL_SAFE_NO_PAD.decode(jwk.n?).ok().filter(|modulus| MODULUS.contains(&modulus.len()))?;
    let exponent = URL_SAFE_NO_PAD.decode(jwk.e?).ok()?;
    Some((kid, DecodingKey::from_rsa_raw_components(&modulus, &exponent)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rsa(change: &Value) -> Value {
        let mut key = json!({ "kty": "RSA", "kid": "one", "n": URL_SAFE_NO_PAD.encode([0xab; 256]), "e": "AQAB" });
        for (name, value) in change.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    fn read(keys: &[Value]) -> Result<Jwks, ProviderError> {
        Jwks::read(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn keys_for_signatures_are_found_by_their_name() {
        for change in [json!({}), json!({ "use": "sig", "alg": "RS256", "key_ops": ["verify"], "x5c": ["…"] })] {
            let jwks = read(&[json!({ "kty": "new" }), json!(7), rsa(&change)]).unwrap();
            assert!(jwks.key("one").is_some() && jwks.key("two").is_none());
        }
    }

    #[test]
    fn other_keys_are_passed_over() {
        for key in [
            json!({ "kty": "oct", "kid": "one", "k": "c2VjcmV0", "alg": "HS256" }),
            json!({ "kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA" }),
            rsa(&json!({ "use": "enc" })),
            rsa(&json!({ "alg": "RS512" })),
            rsa(&json!({ "alg": "HS256" })),
            rsa(&json!({ "key_ops": ["encrypt"] })),
            rsa(&json!({ "kid": null })),
            rsa(&json!({ "kid": "" })),
            rsa(&json!({ "kid": 7 })),
            rsa(&json!({ "n": URL_SAFE_NO_PAD.encode([0xab; 128]) })),
            rsa(&json!({ "n": "!" })),
            rsa(&json!({ "e": null })),
        ] {
            let error = read(std::slice::from_ref(&key)).unwrap_err().to_string();
            assert!(error.contains("no RSA key"), "{key}");
        }
        assert!(Jwks::read(b"<html>").is_err());
    }
}
