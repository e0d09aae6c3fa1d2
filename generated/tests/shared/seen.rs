//! Secrets that a test saw, and whether a text tells anything of one.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Url;
use serde_json::Value;

/// So many characters in a row of a secret are a part of it, and no chance.
const PART: usize = 12;

/// Parameters of addresses that are nobody's business.
const PARAMETERS: [&str; 8] =
    ["code", "state", "nonce", "code_challenge", "code_verifier", "transaction", "access_token", "token"];

/// Fields of answers that are nobody's business.
const FIELDS: [&str; 5] = ["access_token", "refresh_token", "id_token", "client_secret", "device_code"];

/// Secrets by what they are. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<BTreeMap<String, String>>>);

impl Seen {
    /// One secret. Of a token the parts that stand for themselves are others.
    pub fn add(&self, what: &str, secret: &str) {
        if secret.is_empty() {
            return;
        }
        self.0.lock().unwrap().insert(secret.to_owned(), what.to_owned());
        let claims = secret.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        for name in ["sid", "jti", "nonce"] {
            if let Some(claim) = claims.as_ref().and_then(|claims| claims[name].as_str()) {
                self.0.lock().unwrap().insert(claim.to_owned(), format!("{name} of {what}"));
            }
        }
    }

    /// Those of an address.
    pub fn address(&self, address: &str) {
        let address = Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        for (name, value) in address.query_pairs().filter(|(name, _)| PARAMETERS.contains(&name.as_ref())) {
            self.add(&name, &value);
        }
    }

    /// Those of an answer.
    pub fn answer(&self, answer: &Value) {
        for name in FIELDS {
            if let Some(secret) = answer[name].as_str() {
                self.add(name, secret);
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// How many there are of a kind.
    pub fn count(&self, what: &str) -> usize {
        self.0.lock().unwrap().values().filter(|found| *found == what).count()
    }

    /// What a text tells of them: whole, in part, or written otherwise. `None`: nothing.
    pub fn told_by(&self, text: &str) -> Option<String> {
        let seen = self.0.lock().unwrap();
        let parts: HashSet<&[u8]> = text.as_bytes().windows(PART).collect();
        for (secret, what) in seen.iter() {
            for (how, form) in forms(secret) {
                let told = if form.len() < PART {
                    text.contains(&form)
                } else {
                    form.as_bytes().windows(PART).any(|part| parts.contains(part))
                };
                if told {
                    let line = text.lines().find(|line| tells(line, &form)).unwrap_or(text);
                    return Some(format!("{what} ({how}) `{secret}`: {line}"));
                }
            }
        }
        None
    }
}

fn tells(line: &str, form: &str) -> bool {
    let parts: HashSet<&[u8]> = form.as_bytes().windows(PART.min(form.len())).collect();
    line.as_bytes().windows(PART.min(form.len())).any(|part| parts.contains(part))
}

/// A secret as it is, and as it may be written elsewhere.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let escaped: String = url_escaped(secret);
    let mut forms = vec![
        ("as it is", secret.to_owned()),
        ("in base64", STANDARD.encode(secret).trim_end_matches('=').to_owned()),
        ("in base64url", URL_SAFE_NO_PAD.encode(secret)),
        ("in an address", escaped),
        ("in JSON", serde_json::to_string(secret).unwrap().trim_matches('"').to_owned()),
    ];
    forms.retain(|(_, form)| form.len() >= 8);
    forms
}

fn url_escaped(text: &str) -> String {
    let mut address = Url::parse("http://x/").unwrap();
    address.query_pairs_mut().append_pair("x", text);
    address.query().unwrap()[2..].to_owned()
}

#[test]
fn parts_and_other_forms_of_a_secret_are_found() {
    let seen = Seen::default();
    let secret = "aB3/dE6+gH9 jK2?mN5";
    seen.add("a password", secret);
    for told in [
        format!("x{secret}x"),
        secret[3..16].to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        "aB3%2FdE6%2BgH9+jK2%3FmN5".to_owned(),
    ] {
        assert!(seen.told_by(&told).is_some(), "{told}");
    }
    assert_eq!(seen.told_by(&secret[..11]), None, "too little to tell");
    assert_eq!(seen.told_by("a line of a log that has nothing to do with it"), None);
    seen.address("https://x.example/cb?code=the-code-0123456789&iss=https://y.example");
    assert!(seen.told_by("GET /cb?code=the-code-0123456789").unwrap().starts_with("code"));
}
