//! One element of a list inside an object, found by key fields, in raw JSON: fields that the specs do
//! not describe stay as they are.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Where a list is and which element is meant.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Path of the list: `spec`, `managed`, `roles`.
    pub(crate) path: Vec<String>,
    /// Key fields and their values.
    pub(crate) key: Vec<(String, String)>,
}

impl Place {
    /// `spec.managed.roles[app]`, for texts.
    pub(crate) fn label(&self) -> String {
        let values: Vec<_> = self.key.iter().map(|(_, value)| value.as_str()).collect();
        format!("{}[{}]", self.path.join("."), values.join(","))
    }

    pub(crate) fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// Whether this is the element.
    fn matches(&self, element: &Value) -> bool {
        self.key.iter().all(|(field, value)| element.get(field).and_then(Value::as_str) == Some(value))
    }

    /// The list as it was read.
    ///
    /// # Errors
    /// Where there is something else than a list.
    pub(crate) fn list(&self, read: Option<Value>) -> Result<Vec<Value>, Failure> {
        match read {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(Failure::internal(format!("`{}` is no list.", self.path.join(".")))),
        }
    }

    /// The element in the list.
    pub(crate) fn find<'list>(&self, list: &'list [Value]) -> Option<&'list Value> {
        list.iter().find(|element| self.matches(element))
    }

    /// The list with the element put in its place, or at the end; `None` takes it out.
    pub(crate) fn with(&self, list: &[Value], element: Option<&Value>) -> Vec<Value> {
        let mut element = element.cloned();
        let mut changed = Vec::with_capacity(list.len() + 1);
        for old in list {
            if self.matches(old) {
                // A second element of the same key, where someone made one, goes with the first.
                changed.extend(element.take());
            } else {
                changed.push(old.clone());
            }
        }
        changed.extend(element);
        changed
    }

    /// The key fields, as the beginning of an element.
    pub(crate) fn key_fields(&self) -> Map<String, Value> {
        self.key.iter().map(|(field, value)| (field.clone(), Value::from(value.as_str()))).collect()
    }

    /// A merge patch of the list alone, bound to the object and version that were read.
    pub(crate) fn patch(&self, uid: &str, resource_version: &str, list: Vec<Value>) -> Map<String, Value> {
        let mut value = Value::Array(list);
        for segment in self.path.iter().rev() {
            value = Value::Object(Map::from_iter([(segment.clone(), value)]));
        }
        let mut patch = bound_to(uid, Some(resource_version));
        if let Value::Object(fields) = value {
            patch.extend(fields);
        }
        patch
    }
}

/// `metadata` that makes the API server refuse a patch of any other object or version (409).
pub(crate) fn bound_to(uid: &str, resource_version: Option<&str>) -> Map<String, Value> {
    let mut metadata = Map::from_iter([("uid".to_owned(), Value::from(uid))]);
    metadata.extend(resource_version.map(|version| ("resourceVersion".to_owned(), Value::from(version))));
    Map::from_iter([("metadata".to_owned(), Value::Object(metadata))])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place() -> Place {
        Place { path: vec!["spec".into(), "managed".into(), "roles".into()], key: vec![("name".into(), "b".into())] }
    }

    #[test]
    fn puts_in_place_or_at_the_end() {
        let list = vec![json!({"name": "a", "x": 1}), json!({"name": "b"}), json!({"name": "c"})];
        let element = json!({"name": "b", "login": true});
        assert_eq!(place().with(&list, Some(&element)), [list[0].clone(), element.clone(), list[2].clone()]);
        assert_eq!(place().with(&list[..1], Some(&element)), [list[0].clone(), element]);
        assert_eq!(place().with(&list, None), [list[0].clone(), list[2].clone()]);
        assert_eq!(place().find(&list), Some(&list[1]));
        assert_eq!(place().label(), "spec.managed.roles[b]");
    }

    #[test]
    fn patches_name_object_and_version() {
        let patch = place().patch("u1", "7", vec![json!({"name": "b"})]);
        assert_eq!(
            Value::Object(patch),
            json!({"metadata": {"uid": "u1", "resourceVersion": "7"}, "spec": {"managed": {"roles": [{"name": "b"}]}}})
        );
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(place().list(Some(json!("x"))).is_err());
        assert!(place().list(None).unwrap().is_empty());
    }
}
