//! Cookies: which browser a login belongs to.
//!
//! `browser` is a random name that a browser gets with its first `/authorize`; a transaction and its form belong to
//! it. `login-…` is set on approval alone, is signed, and names one transaction: whoever comes to the callback without
//! it did not approve that one.
//!
//! All are `__Host-` cookies: only this host over TLS sets and gets them, whatever its neighbours do (RFC 6265bis,
//! section 4.1.3.2). Browsers differ on whether `http://localhost` counts as TLS, so a server that is on loopback
//! without TLS sets each a second time without the prefix.

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};

use crate::auth::keys::{Keys, random_secret};
use crate::secret::SecretText;

/// Before every cookie's name.
const PREFIX: &str = "__Host-";

/// Name of the browser's cookie.
const BROWSER: &str = "cnpg-mcp-browser";

/// Before the name of a transaction's cookie.
const LOGIN: &str = "cnpg-mcp-login-";

/// Length of the browser's name.
const NAME: usize = 43;

/// Cookies of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookies {
    /// Whether the server is reached without TLS, which on loopback alone can be.
    pub plain: bool,
}

impl Cookies {
    /// The browser's name, where it has one.
    pub fn browser(self, headers: &HeaderMap) -> Option<SecretText> {
        self.read(headers, BROWSER).filter(|name| name.expose().len() == NAME)
    }

    /// The browser's name, or a new one with the cookies that give it.
    pub fn named(self, headers: &HeaderMap) -> Result<(SecretText, Vec<HeaderValue>), getrandom::Error> {
        if let Some(name) = self.browser(headers) {
            return Ok((name, Vec::new()));
        }
        let name = random_secret()?;
        let cookies = self.write(BROWSER, name.expose(), 3600);
        Ok((name, cookies))
    }

    /// Cookies for a browser whose person approved a transaction.
    pub fn approved(self, keys: &Keys, state: &str, seconds: u64) -> Vec<HeaderValue> {
        self.write(&login_name(state), &keys.cookies().tag(&login_message(state)), seconds)
    }

    /// Whether the browser is the one whose person approved a transaction.
    pub fn has_approved(self, keys: &Keys, state: &str, headers: &HeaderMap) -> bool {
        let tag = self.read(headers, &login_name(state));
        tag.is_some_and(|tag| keys.cookies().verify(&login_message(state), tag.expose()))
    }

    /// Cookies that take a transaction's away.
    pub fn forget(self, state: &str) -> Vec<HeaderValue> {
        self.write(&login_name(state), "", 0)
    }

    fn read(self, headers: &HeaderMap, name: &str) -> Option<SecretText> {
        let host = format!("{PREFIX}{name}");
        let mut plain = None;
        for pair in headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            for (found, value) in pair.split(';').filter_map(|pair| pair.trim().split_once('=')) {
                if found == host {
                    return Some(SecretText::new(value.to_owned()));
                }
                if self.plain && found == name {
                    plain = Some(SecretText::new(value.to_owned()));
                }
            }
        }
        plain
    }

    fn write(self, name: &str, value: &str, seconds: u64) -> Vec<HeaderValue> {
        let attributes = format!("Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax");
        let mut cookies = vec![format!("{PREFIX}{name}={value}; Secure; {attributes}")];
        if self.plain {
            cookies.push(format!("{name}={value}; {attributes}"));
        }
        cookies.into_iter().filter_map(|cookie| HeaderValue::from_str(&cookie).ok()).collect()
    }
}

/// Several logins may be under way in one browser, so each has a cookie of its own.
fn login_name(state: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(state)[..6].iter().fold(LOGIN.to_owned(), |mut name, byte| {
        // Writing to a String does not fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

fn login_message(state: &str) -> Vec<u8> {
    format!("login\0{state}").into_bytes()
}

/// What a form holds to show that this server made it for this browser and transaction.
pub(super) fn form_token(keys: &Keys, browser: &SecretText, transaction: &str) -> String {
    keys.csrf().tag(&form_message(browser, transaction))
}

/// Whether a form is one that this server made for this browser and transaction.
pub(super) fn is_our_form(keys: &Keys, browser: &SecretText, transaction: &str, token: &str) -> bool {
    keys.csrf().verify(&form_message(browser, transaction), token)
}

fn form_message(browser: &SecretText, transaction: &str) -> Vec<u8> {
    format!("form\0{}\0{transaction}", browser.expose()).into_bytes()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::auth::keys::RootKeys;

    fn keys() -> Keys {
        Keys::derive(&RootKeys::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", Path::new("keys")).unwrap())
    }

    fn sent_back(cookies: &[HeaderValue]) -> HeaderMap {
        let pairs: Vec<&str> =
            cookies.iter().map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&pairs.join("; ")).unwrap());
        headers
    }

    #[test]
    fn an_approval_is_for_one_transaction() {
        let (keys, cookies) = (keys(), Cookies { plain: false });
        let headers = sent_back(&cookies.approved(&keys, "state-1", 600));
        assert!(cookies.has_approved(&keys, "state-1", &headers));
        assert!(!cookies.has_approved(&keys, "state-2", &headers));
        assert!(!cookies.has_approved(&keys, "state-1", &HeaderMap::new()));
        let other = cookies.approved(&keys, "state-2", 600)[0].to_str().unwrap().split_once('=').unwrap().1.to_owned();
        let forged = HeaderValue::from_str(&format!("{PREFIX}{}={other}", login_name("state-1"))).unwrap();
        assert!(!cookies.has_approved(&keys, "state-1", &sent_back(&[forged])));
    }

    #[test]
    fn over_tls_only_cookies_of_the_host_count() {
        let (_, cookies) = Cookies { plain: false }.named(&HeaderMap::new()).unwrap();
        assert_eq!(cookies.len(), 1);
        let text = cookies[0].to_str().unwrap();
        assert!(
            text.starts_with("__Host-") && text.contains("; Secure; Path=/; ") && !text.contains("Domain"),
            "{text}"
        );
        assert!(text.contains("; HttpOnly; SameSite=Lax"));
        let planted = HeaderValue::from_str(&format!("{BROWSER}={}", "x".repeat(NAME))).unwrap();
        assert!(Cookies { plain: false }.browser(&sent_back(std::slice::from_ref(&planted))).is_none());
        assert!(Cookies { plain: true }.browser(&sent_back(&[planted])).is_some());
    }

    #[test]
    fn a_form_is_for_one_browser_and_transaction() {
        let keys = keys();
        let browser = |name: &str| SecretText::new(name.to_owned());
        let token = form_token(&keys, &browser("a"), "t");
        assert!(is_our_form(&keys, &browser("a"), "t", &token));
        for (other, transaction) in [("b", "t"), ("a", "u"), ("", "t")] {
            assert!(!is_our_form(&keys, &browser(other), transaction, &token));
        }
    }
}
