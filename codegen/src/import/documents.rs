//! Custom resource definitions in a stream of YAML documents.

use serde_json::Value;

use crate::diagnostic::nearest;

/// Why nothing is imported.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ImportError {
    #[error("this is not valid YAML: {0}")]
    Yaml(String),
    #[error("there is no CustomResourceDefinition in it")]
    NoDefinition,
    #[error(
        "the definition of {name} is of {api}; only apiextensions.k8s.io/v1 is read (every Kubernetes since 1.16 gives it: `kubectl get crd {name} -o yaml`)"
    )]
    OldDefinition { name: String, api: String },
    #[error("the definition {name} has no {part}, so it is none that an API server would take")]
    Incomplete { name: String, part: &'static str },
    #[error("there is no kind `{kind}` in it{}", hint(near.as_ref(), there))]
    NoSuchKind { kind: String, near: Option<String>, there: Vec<String> },
    #[error("{kind} has no served version `{version}`{}", hint(None, there))]
    NoSuchVersion { kind: String, version: String, there: Vec<String> },
    #[error("{kind} has no field `{field}`{}", hint(near.as_ref(), &[]))]
    NoSuchField { kind: String, field: String, near: Option<String> },
}

fn hint(near: Option<&String>, there: &[String]) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None if there.is_empty() => String::new(),
        None => format!("; there are: {}", there.join(", ")),
    }
}

/// A custom resource definition of apiextensions.k8s.io/v1.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The kind.
    pub kind: String,
    /// Its group.
    pub group: String,
    /// Its plural.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What its labels say about who brings it.
    pub brought_by: Option<String>,
    versions: Vec<Value>,
}

impl Definition {
    /// The version of that name where it is served; else the stored one, or the newest by Kubernetes' order of versions.
    pub(super) fn version(&self, wanted: Option<&str>) -> Result<&Value, ImportError> {
        let served: Vec<&Value> = self.versions.iter().filter(|version| version["served"] == true).collect();
        let name = |version: &Value| version["name"].as_str().unwrap_or_default().to_owned();
        if let Some(wanted) = wanted {
            return served.iter().find(|version| version["name"] == wanted).copied().ok_or_else(|| {
                let there = served.iter().map(|version| name(version)).collect();
                ImportError::NoSuchVersion { kind: self.kind.clone(), version: wanted.to_owned(), there }
            });
        }
        let stored = served.iter().find(|version| version["storage"] == true);
        stored
            .or_else(|| served.iter().max_by_key(|version| priority(&name(version))))
            .copied()
            .ok_or_else(|| ImportError::Incomplete { name: self.kind.clone(), part: "served version" })
    }
}

/// Kubernetes' order of versions: stable before beta before alpha, then by number
/// (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority>).
fn priority(version: &str) -> (u8, u64, u64) {
    let rest = version.strip_prefix('v').unwrap_or(version);
    let (major, stage) = match rest.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let Ok(major) = major.parse() else { return (0, 0, 0) };
    let minor = |word: &str| stage.strip_prefix(word).and_then(|number| number.parse().ok());
    match (stage, minor("beta"), minor("alpha")) {
        ("", ..) => (3, major, 0),
        (_, Some(number), _) => (2, major, number),
        (_, _, Some(number)) => (1, major, number),
        _ => (0, 0, 0),
    }
}

/// The definitions in a text of one or more YAML documents, lists of objects included; other objects are passed over.
///
/// # Errors
/// Where the text is not YAML, holds no definition or one of an old form, or none of the wanted kind.
pub fn definitions(text: &str, kind: Option<&str>) -> Result<Vec<Definition>, ImportError> {
    let documents: Vec<Value> = serde_yaml::from_multiple(text).map_err(|error| {
        let text = error.to_string();
        ImportError::Yaml(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })?;
    let mut found = Vec::new();
    for document in &documents {
        match document["items"].as_array() {
            Some(items) if document["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => {
                for item in items {
                    found.extend(definition(item)?);
                }
            }
            _ => found.extend(definition(document)?),
        }
    }
    if found.is_empty() {
        return Err(ImportError::NoDefinition);
    }
    let Some(kind) = kind else { return Ok(found) };
    let there: Vec<String> = found.iter().map(|one| one.kind.clone()).collect();
    found.retain(|one| one.kind == kind);
    if found.is_empty() {
        let near = nearest(kind, there.iter().map(String::as_str)).map(str::to_owned);
        return Err(ImportError::NoSuchKind { kind: kind.to_owned(), near, there });
    }
    Ok(found)
}

fn definition(document: &Value) -> Result<Option<Definition>, ImportError> {
    if document["kind"] != "CustomResourceDefinition" {
        return Ok(None);
    }
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let name = text("/metadata/name").unwrap_or_else(|| "without a name".to_owned());
    let api = text("/apiVersion").unwrap_or_default();
    if api != "apiextensions.k8s.io/v1" {
        return Err(ImportError::OldDefinition { name, api });
    }
    let need = |pointer: &str, part| text(pointer).ok_or_else(|| ImportError::Incomplete { name: name.clone(), part });
    let labels = &document["metadata"]["labels"];
    let label = |key: &str| labels[key].as_str().filter(|value| !value.is_empty()).map(str::to_owned);
    Ok(Some(Definition {
        kind: need("/spec/names/kind", "spec.names.kind")?,
        group: need("/spec/group", "spec.group")?,
        plural: need("/spec/names/plural", "spec.names.plural")?,
        namespaced: text("/spec/scope").as_deref() != Some("Cluster"),
        brought_by: label("app.kubernetes.io/part-of").or_else(|| label("app.kubernetes.io/name")),
        versions: document["spec"]["versions"].as_array().cloned().unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::priority;

    #[test]
    fn versions_are_ordered_as_kubernetes_does() {
        let mut versions = ["v1alpha1", "foo1", "v2", "v11beta2", "v1", "v10", "v3beta1", "v12alpha1", "v11beta1"];
        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
        let wanted = ["v10", "v2", "v1", "v11beta2", "v11beta1", "v3beta1", "v12alpha1", "v1alpha1", "foo1"];
        assert_eq!(versions, wanted);
    }
}
