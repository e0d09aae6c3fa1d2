//! The API server's `Status`: its own words about what went wrong.

use serde::Deserialize;

use crate::meta::null_default;
use crate::secret::KnownSecrets;

/// A `Status` of the API server (Kubernetes API conventions, "Response Status Kind"). Every field may be
/// missing: some real 4xx and 500 carry no `reason` at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ApiStatus {
    /// HTTP status code.
    #[serde(deserialize_with = "null_default")]
    pub code: u16,
    /// Machine-readable reason: `NotFound`, `AlreadyExists`, …; empty where none is given.
    #[serde(deserialize_with = "null_default")]
    pub reason: String,
    /// What the server says.
    #[serde(deserialize_with = "null_default")]
    pub message: String,
    /// What it is about.
    #[serde(deserialize_with = "null_default")]
    pub details: StatusDetails,
    /// List metadata: with an expired page, the token to go on with.
    #[serde(deserialize_with = "null_default")]
    pub metadata: StatusMeta,
}

/// `details` of a [`ApiStatus`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusDetails {
    /// Name of the object; empty where the kind itself is not served.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// Its kind, or the plural resource name.
    #[serde(deserialize_with = "null_default")]
    pub kind: String,
    /// Its uid.
    #[serde(deserialize_with = "null_default")]
    pub uid: String,
    /// Fields and reasons.
    #[serde(deserialize_with = "null_default")]
    pub causes: Vec<StatusCause>,
    /// Seconds to wait before trying again; zero where not given.
    #[serde(deserialize_with = "null_default")]
    pub retry_after_seconds: u32,
}

/// A cause: one field that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusCause {
    /// Machine-readable reason.
    #[serde(deserialize_with = "null_default")]
    pub reason: String,
    /// What is wrong with it.
    #[serde(deserialize_with = "null_default")]
    pub message: String,
    /// Path of the field.
    #[serde(deserialize_with = "null_default")]
    pub field: String,
}

/// `metadata` of a [`ApiStatus`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatusMeta {
    /// With `Expired` on a list: the token that goes on with an inconsistent list.
    #[serde(rename = "continue", deserialize_with = "null_default")]
    pub continue_token: String,
}

/// Longest text kept of an answer that is no `Status`, in bytes.
const MAX_PLAIN_TEXT: usize = 500;

impl ApiStatus {
    /// Reads the body of an answer outside 2xx. A body that is no `Status` (a proxy's page, or
    /// `404 page not found`) becomes the message.
    pub(crate) fn read(code: u16, body: &[u8]) -> Self {
        let mut status = serde_json::from_slice::<Self>(body)
            .ok()
            .filter(|status| !status.message.is_empty() || !status.reason.is_empty())
            .unwrap_or_else(|| {
                let text = String::from_utf8_lossy(body.get(..MAX_PLAIN_TEXT.min(body.len())).unwrap_or_default());
                Self { message: text.trim().to_owned(), ..Self::default() }
            });
        status.code = code;
        status
    }

    /// 404 about the object or kind asked for.
    pub fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// 409 because the name is taken.
    pub fn is_already_exists(&self) -> bool {
        self.code == 409 && self.reason == "AlreadyExists"
    }

    /// 409 because the object, or a precondition about it, is no longer as it was.
    pub fn is_conflict(&self) -> bool {
        self.code == 409 && self.reason != "AlreadyExists"
    }

    /// 403.
    pub fn is_forbidden(&self) -> bool {
        self.code == 403
    }

    /// 410: the page or version is gone.
    pub fn is_expired(&self) -> bool {
        self.code == 410
    }

    /// The API server could not reach an admission webhook: nothing was stored.
    pub fn is_webhook_unavailable(&self) -> bool {
        self.code >= 500 && self.message.contains("failed calling webhook")
    }

    /// The webhook that could not be reached.
    pub fn webhook(&self) -> Option<&str> {
        self.message
            .split_once("failed calling webhook \"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(name, _)| name)
    }

    /// Whether the server refused the request before it could change anything. Other codes (5xx, but for
    /// an unreachable webhook) may come from a proxy, or after a time-out in the store, with the write done.
    pub(crate) fn is_known_not_done(&self) -> bool {
        self.code < 500 && self.code != 408 || self.is_webhook_unavailable() || self.code == 501
    }

    /// Masks known secrets in every text.
    pub(crate) fn mask(&mut self, secrets: &KnownSecrets) {
        for text in [&mut self.message, &mut self.details.name] {
            *text = secrets.mask(text);
        }
        for cause in &mut self.details.causes {
            cause.message = secrets.mask(&cause.message);
            cause.field = secrets.mask(&cause.field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_real_servers_say() {
        let status = ApiStatus::read(
            404,
            br#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"secrets \"x\" not found","reason":"NotFound","details":{"name":"x","kind":"secrets"},"code":404}"#,
        );
        assert!(status.is_not_found());
        assert_eq!(status.details.name, "x");
        let plain = ApiStatus::read(404, b"404 page not found\n");
        assert_eq!((plain.message.as_str(), plain.details.name.as_str()), ("404 page not found", ""));
        let bare = ApiStatus::read(500, br#"{"metadata":{},"message":"strconv.ParseUint: parsing"}"#);
        assert_eq!((bare.code, bare.reason.as_str()), (500, ""));
        let expired =
            ApiStatus::read(410, br#"{"metadata":{"continue":"abc"},"message":"too old","reason":"Expired"}"#);
        assert_eq!(expired.metadata.continue_token, "abc");
    }

    #[test]
    fn which_codes_say_that_nothing_was_done() {
        let with = |code, message: &str| {
            ApiStatus { code, message: message.into(), ..ApiStatus::default() }.is_known_not_done()
        };
        assert!(with(403, ""));
        assert!(with(409, ""));
        assert!(with(429, ""));
        assert!(with(500, "Internal error occurred: failed calling webhook \"mcluster.cnpg.io\": dial tcp"));
        for code in [408, 500, 502, 503, 504] {
            assert!(!with(code, "etcdserver: request timed out"), "{code}");
        }
    }

    #[test]
    fn names_the_webhook() {
        let status = ApiStatus {
            code: 500,
            message: "Internal error occurred: failed calling webhook \"vcluster.cnpg.io\": x".into(),
            ..ApiStatus::default()
        };
        assert_eq!(status.webhook(), Some("vcluster.cnpg.io"));
    }
}
