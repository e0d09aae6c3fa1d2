//! What is in the Secret: keys are shown, values never.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cnpg_mcp_runtime::auth::keys::{RootKeys, random_secret};
use cnpg_mcp_runtime::secret::SecretText;
use serde_json::Value;

/// Secret of the server's client.
pub const CLIENT_SECRET: &str = "server-client-secret";

/// Root keys of the server, one a line; the first issues, all verify.
pub const SIGNING_KEY: &str = "signing-key";

/// Keys of the management client, which no pod needs.
pub const MANAGEMENT: [&str; 4] = ["mgmt-client-id", "mgmt-client-secret", "auth0-domain", "connection-id"];

/// Most root keys that the server takes.
const MAX_KEYS: usize = 8;

/// What becomes of the root keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// They stay.
    Keep,
    /// A new one is put before them.
    Rotate,
    /// The first one alone stays.
    DropOld,
}

/// `data` of a Secret: base64, by key.
pub type Data = BTreeMap<String, String>;

/// The `data` of a Secret as the API gives it.
pub fn data(secret: &Value) -> Data {
    let fields = secret["data"].as_object().into_iter().flatten();
    fields.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// A value, in base64.
pub fn encoded(value: &SecretText) -> String {
    STANDARD.encode(value.expose())
}

/// The root keys that are to be there.
pub fn signing_keys(there: Option<&String>, keys: Keys) -> anyhow::Result<SecretText> {
    let fresh = || random_secret().context("the operating system gives no random bytes");
    let Some(there) = there else { return fresh() };
    let text = STANDARD.decode(there).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = SecretText::new(text.with_context(|| format!("`{SIGNING_KEY}` of the Secret is no text"))?);
    RootKeys::parse(text.expose(), Path::new(SIGNING_KEY)).context("the Secret's signing keys cannot be used")?;
    let is_key = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = text.expose().lines().filter(is_key);
    Ok(match keys {
        Keys::Keep => text,
        Keys::DropOld => file(lines.take(1)),
        Keys::Rotate => {
            let fresh = fresh()?;
            file(std::iter::once(fresh.expose()).chain(lines).take(MAX_KEYS))
        }
    })
}

/// Keys, one a line.
fn file<'k>(keys: impl Iterator<Item = &'k str>) -> SecretText {
    SecretText::new(keys.fold(String::new(), |text, key| text + key + "\n"))
}

/// How two differ, a line a key; whether they do.
pub fn difference(before: &Data, after: &Data) -> (Vec<String>, bool) {
    let mut lines = Vec::new();
    let mut differ = false;
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let sign = match (before.get(key), after.get(key)) {
            (None, Some(_)) => '+',
            (Some(_), None) => '-',
            (before, after) if before != after => '~',
            _ => ' ',
        };
        differ |= sign != ' ';
        lines.push(format!("  {sign} {key}"));
    }
    (lines, differ)
}

/// Refuses a client secret that cannot be one.
pub fn check_client_secret(secret: &SecretText) -> anyhow::Result<()> {
    let text = secret.expose();
    ensure!(
        !text.is_empty() && !text.chars().any(char::is_control),
        "the client's secret is empty, or is no line of text"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(keys: &SecretText) -> usize {
        keys.expose().lines().count()
    }

    #[test]
    fn keys_are_made_once_rotated_and_dropped() {
        let first = signing_keys(None, Keys::Keep).unwrap();
        let there = encoded(&first);
        assert_eq!(signing_keys(Some(&there), Keys::Keep).unwrap().expose(), first.expose());
        let mut rotated = signing_keys(Some(&there), Keys::Rotate).unwrap();
        assert_eq!(rotated.expose().lines().nth(1), Some(first.expose()));
        for _ in 0..10 {
            rotated = signing_keys(Some(&encoded(&rotated)), Keys::Rotate).unwrap();
            assert!(RootKeys::parse(rotated.expose(), Path::new("x")).is_ok());
        }
        assert_eq!(count(&rotated), MAX_KEYS);
        let dropped = signing_keys(Some(&encoded(&rotated)), Keys::DropOld).unwrap();
        assert_eq!((count(&dropped), dropped.expose().lines().next()), (1, rotated.expose().lines().next()));
        let error = signing_keys(Some(&STANDARD.encode("hunter2")), Keys::Keep).unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"));
    }

    #[test]
    fn differences_name_keys_alone() {
        let data =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Data>();
        let (before, after) =
            (data(&[("a", "1"), ("b", "2"), ("c", "3")]), data(&[("a", "1"), ("b", "9"), ("d", "4")]));
        assert_eq!(
            difference(&before, &after),
            (["    a", "  ~ b", "  - c", "  + d"].map(str::to_owned).to_vec(), true)
        );
        assert!(!difference(&before, &before).1);
    }
}
