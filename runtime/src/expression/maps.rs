//! Maps, as lists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A key of a map with its value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry<T> {
    /// The key.
    pub key: String,
    /// The value.
    pub value: T,
}

/// `map | entries`: keys with their values, ordered by the bytes of the key.
pub fn entries<T: Clone>(map: &BTreeMap<String, T>) -> Vec<Entry<T>> {
    map.iter().map(|(key, value)| Entry { key: key.clone(), value: value.clone() }).collect()
}

/// `map | keys`, ordered.
pub fn keys<T>(map: &BTreeMap<String, T>) -> Vec<String> {
    map.keys().cloned().collect()
}

/// `map | values`, ordered by key.
pub fn values<T: Clone>(map: &BTreeMap<String, T>) -> Vec<T> {
    map.values().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_by_key() {
        let map = BTreeMap::from([("b".to_owned(), 2), ("a".to_owned(), 1)]);
        assert_eq!(keys(&map), ["a", "b"]);
        assert_eq!(values(&map), [1, 2]);
        assert_eq!(entries(&map)[1], Entry { key: "b".to_owned(), value: 2 });
    }
}
