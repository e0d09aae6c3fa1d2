//! Resource descriptions as `CustomResourceDefinition`s: what the sandbox serves and validates with.
//!
//! A description holds what tools need of a kind, not all of it, so every object keeps fields that it does
//! not describe. Lists are atomic: a description's `key` says how an edit finds an element, which is more
//! than the real kinds promise (`spec.managed.roles` has no list-map key).

use serde_json::{Map, Value, json};

use crate::lowered::{Kind, KindField, KindFieldType, Program};

/// Fields of a status that `kubectl get` shows where a kind has them, with the title of the column.
const STATUS_COLUMNS: &[(&str, &str)] = &[
    ("instances", "Instances"),
    ("replicas", "Replicas"),
    ("readyInstances", "Ready"),
    ("readyReplicas", "Ready"),
    ("phase", "Status"),
    ("currentPrimary", "Primary"),
    ("applied", "Applied"),
    ("message", "Message"),
    ("error", "Error"),
];

/// Whole numbers that stand in spec and status alike and make up the scale subresource.
const SCALES: &[&str] = &["replicas", "instances"];

/// One `CustomResourceDefinition` for each kind that an operator brings: file name and document. Kubernetes' own
/// kinds have no such form and are left out.
#[must_use]
pub fn crds(program: &Program) -> Vec<(String, Value)> {
    let mut found: Vec<_> = program
        .kinds
        .iter()
        .filter(|kind| kind.operator.is_some() && !kind.group.is_empty())
        .map(|kind| (format!("{}_{}.json", kind.group, kind.plural), crd(kind)))
        .collect();
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found
}

fn crd(kind: &Kind) -> Value {
    let mut version = Map::new();
    version.insert("name".to_owned(), json!(kind.version));
    version.insert("served".to_owned(), json!(true));
    version.insert("storage".to_owned(), json!(true));
    version.insert("additionalPrinterColumns".to_owned(), Value::Array(columns(kind)));
    version.insert("schema".to_owned(), json!({ "openAPIV3Schema": root(kind) }));
    let subresources = subresources(kind);
    if !subresources.is_empty() {
        version.insert("subresources".to_owned(), Value::Object(subresources));
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", kind.plural, kind.group) },
        "spec": {
            "group": kind.group,
            "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
            "names": {
                "kind": kind.kind,
                "listKind": format!("{}List", kind.kind),
                "plural": kind.plural,
                "singular": kind.kind.to_lowercase(),
            },
            "versions": [version],
        },
    })
}

fn root(kind: &Kind) -> Value {
    let mut schema = object(&kind.fields);
    schema.insert("description".to_owned(), json!(kind.about.trim()));
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let mut all = Map::new();
        all.insert("apiVersion".to_owned(), json!({ "type": "string" }));
        all.insert("kind".to_owned(), json!({ "type": "string" }));
        all.insert("metadata".to_owned(), json!({ "type": "object" }));
        all.append(properties);
        *properties = all;
    }
    Value::Object(schema)
}

fn object(fields: &[KindField]) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.clone(), property(field))).collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true));
    schema
}

fn property(field: &KindField) -> Value {
    let mut schema = Map::new();
    if let Some(about) = &field.about {
        schema.insert("description".to_owned(), json!(about.trim()));
    }
    schema.append(&mut of_type(&field.ty));
    if let Some(default) = &field.default {
        schema.insert("default".to_owned(), default.clone());
    }
    if field.immutable {
        let rule = json!([{ "rule": "self == oldSelf", "message": format!("{} is immutable", field.name) }]);
        schema.insert("x-kubernetes-validations".to_owned(), rule);
    }
    Value::Object(schema)
}

fn of_type(ty: &KindFieldType) -> Map<String, Value> {
    let mut schema = Map::new();
    let mut set = |key: &str, value: Value| {
        schema.insert(key.to_owned(), value);
    };
    match ty {
        KindFieldType::Bool => set("type", json!("boolean")),
        KindFieldType::Int { min, max } => {
            set("type", json!("integer"));
            if let Some(min) = min {
                set("minimum", json!(min));
            }
            if let Some(max) = max {
                set("maximum", json!(max));
            }
        }
        KindFieldType::Float => set("type", json!("number")),
        KindFieldType::String { pattern, max_length } => {
            set("type", json!("string"));
            if let Some(pattern) = pattern {
                set("pattern", json!(pattern));
            }
            if let Some(max_length) = max_length {
                set("maxLength", json!(max_length));
            }
        }
        KindFieldType::Enum(words) => {
            set("type", json!("string"));
            set("enum", json!(words));
        }
        KindFieldType::Quantity | KindFieldType::Secret => set("type", json!("string")),
        KindFieldType::Time => {
            set("type", json!("string"));
            set("format", json!("date-time"));
        }
        KindFieldType::List { items, .. } => {
            set("type", json!("array"));
            set("items", Value::Object(of_type(items)));
        }
        KindFieldType::Map(values) => {
            set("type", json!("object"));
            set("additionalProperties", Value::Object(of_type(values)));
        }
        KindFieldType::Object { fields, .. } => return object(fields),
        KindFieldType::Opaque => set("x-kubernetes-preserve-unknown-fields", json!(true)),
    }
    schema
}

fn fields_of<'k>(kind: &'k Kind, name: &str) -> &'k [KindField] {
    match kind.fields.iter().find(|field| field.name == name).map(|field| &field.ty) {
        Some(KindFieldType::Object { fields, .. }) => fields,
        _ => &[],
    }
}

fn subresources(kind: &Kind) -> Map<String, Value> {
    let mut found = Map::new();
    if kind.status_subresource {
        found.insert("status".to_owned(), json!({}));
    }
    let counts = |part: &str, name: &str| {
        fields_of(kind, part).iter().any(|field| field.name == name && matches!(field.ty, KindFieldType::Int { .. }))
    };
    if let Some(name) = SCALES.iter().find(|name| counts("spec", name) && counts("status", name)) {
        let paths =
            json!({ "specReplicasPath": format!(".spec.{name}"), "statusReplicasPath": format!(".status.{name}") });
        found.insert("scale".to_owned(), paths);
    }
    found
}

/// Age; what the object refers to and is called elsewhere (required parts of its spec); how it is doing.
fn columns(kind: &Kind) -> Vec<Value> {
    let mut columns = vec![json!({ "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" })];
    for field in fields_of(kind, "spec").iter().filter(|field| field.required && field.default.is_none()) {
        match &field.ty {
            KindFieldType::Object { fields, .. } if fields.iter().any(|inner| inner.name == "name") => {
                columns.push(column(&title(&field.name), "string", &format!(".spec.{}.name", field.name), field));
            }
            ty => {
                // A column `Name` would repeat the object's own.
                let name = if field.name == "name" { title(&kind.kind) } else { title(&field.name) };
                columns.extend(
                    column_type(ty)
                        .map(|column_type| column(&name, column_type, &format!(".spec.{}", field.name), field)),
                );
            }
        }
    }
    for (name, heading) in STATUS_COLUMNS {
        if let Some(field) = fields_of(kind, "status").iter().find(|field| field.name == *name) {
            columns.extend(
                column_type(&field.ty)
                    .map(|column_type| column(heading, column_type, &format!(".status.{name}"), field)),
            );
        }
    }
    columns
}

fn column(name: &str, column_type: &str, path: &str, field: &KindField) -> Value {
    let mut column = Map::new();
    column.insert("name".to_owned(), json!(name));
    column.insert("type".to_owned(), json!(column_type));
    if let Some(about) = &field.about {
        column.insert("description".to_owned(), json!(about.trim()));
    }
    column.insert("jsonPath".to_owned(), json!(path));
    Value::Object(column)
}

fn column_type(ty: &KindFieldType) -> Option<&'static str> {
    match ty {
        KindFieldType::Bool => Some("boolean"),
        KindFieldType::Int { .. } => Some("integer"),
        KindFieldType::Float => Some("number"),
        KindFieldType::String { .. } | KindFieldType::Enum(_) | KindFieldType::Quantity => Some("string"),
        KindFieldType::Time => Some("date"),
        KindFieldType::Secret
        | KindFieldType::List { .. }
        | KindFieldType::Map(_)
        | KindFieldType::Object { .. }
        | KindFieldType::Opaque => None,
    }
}

/// `databaseReclaimPolicy` → `Database Reclaim Policy`.
fn title(name: &str) -> String {
    let mut title = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index == 0 {
            title.extend(letter.to_uppercase());
        } else {
            if letter.is_uppercase() && !title.ends_with(' ') {
                title.push(' ');
            }
            title.push(letter);
        }
    }
    title
}

#[cfg(test)]
mod tests;
