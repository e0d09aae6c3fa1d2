//! Answers of the API server, read into what is needed of them.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::RequestError;
use crate::meta::null_default;

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    /// Texts of its `Warning` headers (RFC 7234, 5.5), as admission sends them.
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// Reads the described fields of the body; the rest is skipped without being stored.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, RequestError> {
        serde_json::from_slice(&self.body).map_err(|error| RequestError::unreadable(&error))
    }

    /// Reads the value at a path as it is; `None` where it is absent or null.
    pub(crate) fn value_at(&self, path: &[&str]) -> Result<Option<Value>, RequestError> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        ValueAt(path).deserialize(&mut deserializer).map_err(|error| RequestError::unreadable(&error))
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "K: DeserializeOwned")]
pub(crate) struct ListPage<K> {
    #[serde(default, deserialize_with = "null_default")]
    pub(crate) metadata: ListMeta,
    #[serde(default = "Vec::new", deserialize_with = "null_items")]
    pub(crate) items: Vec<K>,
}

/// `metadata` of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListMeta {
    #[serde(rename = "continue", deserialize_with = "null_default")]
    continue_token: String,
    pub(crate) remaining_item_count: Option<i64>,
}

impl ListMeta {
    /// The token of the next page. Lists of custom resources say `continue: ""` on their last page.
    pub(crate) fn next(&self) -> Option<&str> {
        Some(self.continue_token.as_str()).filter(|token| !token.is_empty())
    }
}

fn null_items<'de, D: Deserializer<'de>, K: DeserializeOwned>(deserializer: D) -> Result<Vec<K>, D::Error> {
    Option::<Vec<K>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads one value deep inside an object and skips everything else.
struct ValueAt<'path>(&'path [&'path str]);

impl<'de> DeserializeSeed<'de> for ValueAt<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return Value::deserialize(deserializer).map(|value| Some(value).filter(|value| !value.is_null()));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueAt<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            match self.0.split_first() {
                Some((wanted, rest)) if key == *wanted => found = map.next_value_seed(ValueAt(rest))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &Value) -> Answer {
        Answer { body: body.to_string().into(), warnings: Vec::new() }
    }

    #[test]
    fn finds_values_and_skips_the_rest() {
        let answer = answer(
            &json!({"metadata": {"managedFields": [{"x": 1}]}, "spec": {"a": {"roles": [1, 2]}, "b": null}, "roles": []}),
        );
        assert_eq!(answer.value_at(&["spec", "a", "roles"]).unwrap(), Some(json!([1, 2])));
        assert_eq!(answer.value_at(&["spec", "b", "roles"]).unwrap(), None);
        assert_eq!(answer.value_at(&["spec", "c"]).unwrap(), None);
        assert!(answer.value_at(&["spec", "a", "roles", "x"]).is_err());
    }

    #[test]
    fn an_empty_continue_ends_the_list() {
        let page: ListPage<Value> = answer(&json!({"metadata": {"continue": ""}, "items": null})).read().unwrap();
        assert_eq!(page.metadata.next(), None);
        assert!(page.items.is_empty());
        let page: ListPage<Value> =
            answer(&json!({"metadata": {"continue": "t", "remainingItemCount": 7}, "items": [1]})).read().unwrap();
        assert_eq!((page.metadata.next(), page.metadata.remaining_item_count), (Some("t"), Some(7)));
    }
}
