//! Questions about objects, and about the size of things.

use std::collections::BTreeMap;

use crate::kind::Kind;

/// Label that names who manages an object (Kubernetes, "Recommended Labels").
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";

/// Its value on objects that this server made; also the field manager of its writes.
pub const MANAGER: &str = "cnpg-mcp";

/// `ours(object)`: whether this server made it, by its label.
pub fn ours(object: &impl Kind) -> bool {
    object.metadata().labels.get(MANAGED_BY_LABEL).is_some_and(|manager| manager == MANAGER)
}

/// `owned(object, owner)`: whether an owner reference of `object` has the uid of `owner`. A cluster made
/// again under the same name owns nothing of the former one.
pub fn owned(object: &impl Kind, owner: &impl Kind) -> bool {
    let uid = &owner.metadata().uid;
    !uid.is_empty() && object.metadata().owner_references.iter().any(|reference| reference.uid == *uid)
}

/// What `length` counts.
pub trait Length {
    /// Elements of a list, entries of a map, characters of a text.
    fn length(&self) -> usize;
}

impl<T> Length for [T] {
    fn length(&self) -> usize {
        self.len()
    }
}

impl<T> Length for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }
}

impl<T> Length for BTreeMap<String, T> {
    fn length(&self) -> usize {
        self.len()
    }
}

impl Length for str {
    fn length(&self) -> usize {
        self.chars().count()
    }
}

impl Length for String {
    fn length(&self) -> usize {
        self.as_str().length()
    }
}

impl<T: Length + ?Sized> Length for &T {
    fn length(&self) -> usize {
        (**self).length()
    }
}

/// `value | length`.
pub fn length(value: &(impl Length + ?Sized)) -> i64 {
    i64::try_from(value.length()).unwrap_or(i64::MAX)
}

/// What can be `empty`. Generated code implements it for objects whose fields are all optional (groups of
/// parameters): empty where no field is set.
pub trait MaybeEmpty {
    /// Whether there is nothing in it.
    fn is_nothing(&self) -> bool;
}

impl<T: Length + ?Sized> MaybeEmpty for T {
    fn is_nothing(&self) -> bool {
        self.length() == 0
    }
}

/// `value is empty`.
pub fn empty(value: &(impl MaybeEmpty + ?Sized)) -> bool {
    value.is_nothing()
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::kind::KindInfo;
    use crate::meta::ObjectMeta;

    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Thing {
        metadata: ObjectMeta,
    }

    impl Kind for Thing {
        const INFO: KindInfo = KindInfo {
            group: "",
            version: "v1",
            kind: "Thing",
            plural: "things",
            namespaced: true,
            metadata_only: true,
            operator: None,
        };

        fn metadata(&self) -> &ObjectMeta {
            &self.metadata
        }
    }

    fn thing(metadata: &serde_json::Value) -> Thing {
        serde_json::from_value(json!({ "metadata": metadata })).unwrap()
    }

    #[test]
    fn ownership_goes_by_uid() {
        let owner = thing(&json!({"name": "a", "uid": "u1"}));
        let again = thing(&json!({"name": "a", "uid": "u2"}));
        let planned = thing(&json!({"name": "a"}));
        let child = thing(
            &json!({"name": "b", "ownerReferences": [{"apiVersion": "v1", "kind": "Thing", "name": "a", "uid": "u1"}, {"uid": ""}]}),
        );
        assert!(owned(&child, &owner));
        assert!(!owned(&child, &again));
        assert!(!owned(&child, &planned));
    }

    #[test]
    fn ours_goes_by_label() {
        assert!(ours(&thing(&json!({"labels": {"app.kubernetes.io/managed-by": "cnpg-mcp"}}))));
        assert!(!ours(&thing(&json!({"labels": {"app.kubernetes.io/managed-by": "helm"}}))));
        assert!(!ours(&thing(&json!({}))));
    }

    #[test]
    fn lengths() {
        assert_eq!(length("äö"), 2);
        assert_eq!(length(&vec![1, 2, 3]), 3);
        assert!(empty(""));
        assert!(empty(&BTreeMap::<String, i64>::new()));
        assert!(!empty(&vec![0]));
    }
}
