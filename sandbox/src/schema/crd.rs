//! From a `CustomResourceDefinition` to a [`ResourceType`].

use std::sync::Arc;

use serde_json::Value;

use super::Schema;
use crate::store::{Gvr, Origin, PrinterColumn, ResourceType, ScalePaths};

/// A CRD that cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrdError {
    /// A field that must be there is not.
    #[error("{name}: `{field}` is missing")]
    Missing {
        /// Name of the CRD, as far as known.
        name: String,
        /// The field.
        field: &'static str,
    },
    /// A pattern is no regular expression.
    #[error("{path}: the pattern is no regular expression: {error}")]
    Pattern {
        /// Where it stands.
        path: String,
        /// What the parser says.
        error: String,
    },
    /// A keyword of the schema would have to be enforced and is not known.
    #[error("{path}: `{keyword}` cannot be enforced (501 Not Implemented)")]
    Keyword {
        /// Where it stands.
        path: String,
        /// The keyword.
        keyword: &'static str,
    },
    /// A CEL rule uses what is not understood.
    #[error("{path}: the rule `{rule}` cannot be enforced (501 Not Implemented): {error}")]
    Rule {
        /// Where it stands.
        path: String,
        /// Its text.
        rule: String,
        /// What is not understood.
        error: String,
    },
}

/// The resource that a CRD defines, in its storage version.
///
/// # Errors
/// [`CrdError`] where the document lacks a name, or holds a pattern or rule that cannot be enforced.
pub fn resource_type(crd: &Value) -> Result<ResourceType, CrdError> {
    let name = crd["metadata"]["name"].as_str().unwrap_or("a CustomResourceDefinition");
    let spec = &crd["spec"];
    let text = |value: &Value, field: &'static str| {
        let found = value.as_str().map(str::to_owned);
        found.ok_or_else(|| CrdError::Missing { name: name.to_owned(), field })
    };
    let group = text(&spec["group"], "spec.group")?;
    let resource = text(&spec["names"]["plural"], "spec.names.plural")?;
    let kind = text(&spec["names"]["kind"], "spec.names.kind")?;
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let version = versions
        .iter()
        .find(|version| version["storage"] == true)
        .or(versions.first())
        .ok_or_else(|| CrdError::Missing { name: name.to_owned(), field: "spec.versions" })?;
    let openapi = version["schema"].get("openAPIV3Schema");
    let schema = match openapi {
        Some(schema) => Schema::parse(schema, &resource)?,
        None => Schema::any(),
    };
    let columns = version["additionalPrinterColumns"].as_array().into_iter().flatten().map(|column| {
        let text = |field: &str| column[field].as_str().unwrap_or_default().to_owned();
        PrinterColumn {
            name: text("name"),
            kind: text("type"),
            format: text("format"),
            description: text("description"),
            priority: column["priority"].as_i64().unwrap_or_default(),
            json_path: text("jsonPath"),
        }
    });
    let mut columns: Vec<PrinterColumn> = columns.collect();
    if columns.is_empty() {
        columns.push(age_column());
    }
    let subresources = &version["subresources"];
    let scale = subresources.get("scale").map(|scale| ScalePaths {
        spec: scale["specReplicasPath"].as_str().unwrap_or_default().to_owned(),
        status: scale["statusReplicasPath"].as_str().unwrap_or_default().to_owned(),
        selector: scale["labelSelectorPath"].as_str().unwrap_or_default().to_owned(),
    });
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let selectable = version["selectableFields"].as_array().into_iter().flatten();
    Ok(ResourceType {
        gvr: Gvr::new(&group, version["name"].as_str().unwrap_or("v1"), &resource),
        list_kind: spec["names"]["listKind"].as_str().map_or_else(|| format!("{kind}List"), str::to_owned),
        singular: spec["names"]["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned),
        short_names: strings(&spec["names"]["shortNames"]),
        categories: strings(&spec["names"]["categories"]),
        namespaced: spec["scope"] != "Cluster",
        schema: Some(Arc::new(schema)),
        openapi: openapi.cloned(),
        status: subresources.get("status").is_some(),
        scale,
        columns,
        counts_generation: true,
        origin: Origin::Custom,
        selectable: selectable
            .filter_map(|field| field["jsonPath"].as_str())
            .map(|path| path.trim_start_matches('.').to_owned())
            .collect(),
        kind,
    })
}

/// The column that a kind without columns of its own gets.
pub fn age_column() -> PrinterColumn {
    PrinterColumn {
        name: "Age".to_owned(),
        kind: "date".to_owned(),
        format: String::new(),
        description: "CreationTimestamp is a timestamp representing the server time when this object was created."
            .to_owned(),
        priority: 0,
        json_path: ".metadata.creationTimestamp".to_owned(),
    }
}
