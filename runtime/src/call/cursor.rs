//! Cursors: where a list goes on, bound to the query that it belongs to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::expression::short_hash;
use crate::failure::Failure;
use crate::tool::{Arguments, Meaning, ToolInfo};

/// Form of the cursors that this version writes and reads.
const VERSION: u8 = 1;

/// Where a list goes on. Opaque to clients: base64url of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    #[serde(rename = "v")]
    version: u8,
    /// Hash of the query.
    #[serde(rename = "q")]
    query: String,
    /// The continue token that fetched the page; absent for the first page.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// Key of the last item returned: everything up to it is skipped.
    #[serde(rename = "k")]
    pub(super) last: String,
    /// Items returned so far, where the total can be told from it.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<i64>,
    /// Items to ask for next, where the response budget holds fewer than the limit.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u32>,
}

impl Cursor {
    pub(super) fn new(query: &str, token: Option<String>, last: String, seen: Option<i64>) -> Self {
        Self { version: VERSION, query: query.to_owned(), token, last, seen, size: None }
    }

    /// The same with a size of the next page.
    pub(super) fn sized(self, size: Option<u32>) -> Self {
        Self { size, ..self }
    }

    /// The text that clients pass back.
    pub(super) fn encode(&self) -> String {
        // Plain structs of text and numbers are always JSON.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor of this query.
    ///
    /// # Errors
    /// [`Failure::invalid_parameter`] for text that is no cursor, or one of another version or query.
    pub(super) fn decode(text: &str, parameter: &str, query: &str) -> Result<Self, Failure> {
        let refused = |what: &str| {
            Failure::invalid_parameter(parameter, what).advise(format!("Start again without `{parameter}`."))
        };
        let cursor: Self = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| refused("The cursor is not one that this server gave."))?;
        if cursor.version != VERSION {
            return Err(refused("The cursor was given by another version of this server."));
        }
        if cursor.query != query {
            let failure = refused("The cursor belongs to another query.");
            return Err(failure.advise("Or pass everything but the limit as in the call that gave it."));
        }
        Ok(cursor)
    }
}

/// Name of the parameter that takes the cursor.
pub(super) fn parameter(tool: &ToolInfo) -> &'static str {
    tool.meaning(Meaning::Cursor).map_or("cursor", |param| param.name)
}

/// What a cursor is bound to: the tool, every argument but cursor and limit, and where the list is.
pub(super) fn query_hash(tool: &ToolInfo, arguments: &Arguments, place: &str) -> String {
    let free = [Meaning::Cursor, Meaning::Limit].map(|meaning| tool.meaning(meaning).map(|param| param.name));
    let mut bound: Vec<_> = arguments.iter().filter(|(name, _)| !free.contains(&Some(name.as_str()))).collect();
    bound.sort_by_key(|(name, _)| name.as_str());
    let bound: Vec<_> = bound.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    short_hash(&[tool.name, &bound.join("\n"), place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_went() {
        let cursor = Cursor::new("q", Some("token".into()), "ns/name".into(), Some(7)).sized(Some(29));
        assert_eq!(Cursor::decode(&cursor.encode(), "cursor", "q").unwrap(), cursor);
    }

    #[test]
    fn refuses_others() {
        let cursor = Cursor::new("q", None, "ns/name".into(), None).encode();
        let other = Cursor::decode(&cursor, "cursor", "other").unwrap_err();
        assert!(other.what().contains("another query"));
        assert_eq!(other.parameter_name(), Some("cursor"));
        let broken = cursor.get(..cursor.len() - 3).unwrap();
        for text in ["", "x", "!!", "eyJ2IjoxfQ", broken] {
            assert!(Cursor::decode(text, "cursor", "q").unwrap_err().what().contains("not one"), "{text}");
        }
        let newer = URL_SAFE_NO_PAD.encode(br#"{"v":2,"q":"q","k":"a"}"#);
        assert!(Cursor::decode(&newer, "cursor", "q").unwrap_err().what().contains("version"));
    }
}
