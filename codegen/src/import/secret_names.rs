//! Names in definitions that sound secret.

/// Last words of names whose values are secret as a rule.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "token",
    "apikey",
    "secretkey",
    "privatekey",
    "secretaccesskey",
    "clientsecret",
];

/// Whether a text of that name is a secret as a rule. Names of Secrets and of keys in them are none.
pub fn looks_secret(name: &str) -> bool {
    let simple = name.to_lowercase().replace(['_', '-'], "");
    SECRET.iter().any(|word| simple.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn names_sound_secret_or_not() {
        for name in ["password", "adminPassword", "promotionToken", "api_key", "secretAccessKey"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["passwordSecret", "secretName", "tokenSecretRef", "key", "tokenExpiry"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
