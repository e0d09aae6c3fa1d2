//! Cryptography for the JWT library, on `ring`: HS256 both ways, and RS256 to verify. Nothing else exists, so no
//! token can ask for another algorithm.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::{hmac, signature as rsa};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::signing(key))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::verifying(key)?)),
        (Algorithm::RS256, AlgorithmFamily::Rsa) => Ok(Box::new(Rs256(key.clone()))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Must be called before the library is used; further calls change nothing.
pub(super) fn install() {
    let _ = RING.install_default();
}

/// HMAC with SHA-256 (RFC 7518, section 3.2), compared in constant time.
struct Hs256(hmac::Key);

impl Hs256 {
    fn signing(key: &EncodingKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
    }

    fn verifying(key: &DecodingKey) -> Result<Self> {
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?)))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 to 8192 bits (RFC 7518, section 3.3).
struct Rs256(DecodingKey);

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let verified = match self.0.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                rsa::RsaPublicKeyComponents { n, e }.verify(&rsa::RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            DecodingKeyKind::SecretOrDer(key) => {
                rsa::UnparsedPublicKey::new(&rsa::RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature)
            }
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Modulus of a key that OpenSSL made (exponent 65537), and its signature of `header.payload`.
    const MODULUS: &str = "jeiPfwFRyzmdkUo_zE7NCh4oBFm8hspIYAVmYz7ayh_fsNeDG81RWNONPsr30fu2aB6yg9C1N1mKbfkUarBScjWs0qz-Kf8Ao3lC7zTmc5yf48pMKcI7nrlBkz-txTR4jQdd5fiegqXbZFs9y18uwGAwZ93cYp7sSeaspaob73NcgPAhrhs6i8wGMnTlrs11Qzr-uJRk30yO2IrJYDElwHhymi__Z58yeK6R5STUVUkzkmwCFWevJpVXuSv4k5j5CcjKtLR0mprYzhvnxc4diMKbILvNYTLfGGlNGadKboVQ2d5LYyCfb_8b1P5oU4A0fRw_H9L1-KHCjLCOiamo4Q";
    const SIGNATURE: &str = "AVFISSZf8M8-n5TWW4FlKztHC1lRww8MEaPt88XpMjtVEIA91og5LQHTL-22TJbkftflPZ9QBuv59PWD6O2soGdpKeU3Ip8b4kpUKY54FxKkmIv0nzJwXLkbpo0LpQQYU30ocCvrxO7sT1e1syUAdakRyjWtHoiti3MlNQ0DkVUYwKcjlJbgCgtJgJw2Ogbe96Q8JsSFecDufuPdQOYSE70bcw5ufCW2-EFIa-vpqPdEI8Bs73LH2_V7GFeTz5OsUVHiB47KqMKAvrj7CWuDELh1zb3-afZq4--muVPsQCP3Pmh7R95THc9H_N1dZDVDbXjCJ4yE8ukqpwT7foUe0A";

    #[test]
    fn rs256_is_verified() {
        install();
        let key = DecodingKey::from_rsa_components(MODULUS, "AQAB").unwrap();
        let verify = |message: &[u8], signature: &str| {
            jsonwebtoken::crypto::verify(signature, message, &key, Algorithm::RS256).unwrap()
        };
        assert!(verify(b"header.payload", SIGNATURE));
        assert!(!verify(b"header.payloaD", SIGNATURE));
        assert!(!verify(b"header.payload", ""));
        assert!(!verify(b"header.payload", MODULUS));
        let other = DecodingKey::from_rsa_components(SIGNATURE, "AQAB").unwrap();
        assert!(!jsonwebtoken::crypto::verify(SIGNATURE, b"header.payload", &other, Algorithm::RS256).unwrap());
    }

    #[test]
    fn other_algorithms_and_keys_of_another_kind_are_refused() {
        install();
        let rsa = DecodingKey::from_rsa_components(MODULUS, "AQAB").unwrap();
        let secret = DecodingKey::from_secret(b"secret");
        for (algorithm, key) in [
            (Algorithm::HS256, &rsa),
            (Algorithm::RS256, &secret),
            (Algorithm::HS384, &secret),
            (Algorithm::RS512, &rsa),
            (Algorithm::PS256, &rsa),
            (Algorithm::ES256, &rsa),
        ] {
            let verified = jsonwebtoken::crypto::verify(SIGNATURE, b"header.payload", key, algorithm);
            assert!(matches!(verified.unwrap_err().kind(), ErrorKind::InvalidAlgorithm), "{algorithm:?}");
        }
        for algorithm in [Algorithm::HS512, Algorithm::RS256] {
            assert!(jsonwebtoken::crypto::sign(b"message", &EncodingKey::from_secret(b"secret"), algorithm).is_err());
        }
    }
}
