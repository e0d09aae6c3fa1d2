//! Resource descriptions made from custom resource definitions.
//!
//! A definition says more than tools need, and something less: which texts are secret. So what comes out is a
//! description to be read and pruned, and it says itself what was left out of it and what was guessed.

mod documents;
mod fields;
mod schema;
mod secret_names;
mod select;
mod write;

use serde_json::Value;

pub use documents::{Definition, ImportError, definitions};

use select::Selection;

/// What of a definition is taken in.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The version; unless said the stored one, or the newest that is served.
    pub version: Option<String>,
    /// Paths of fields, as `spec.issuerRef`; all fields near the root where there are none.
    pub fields: Vec<String>,
    /// Who brings the kind.
    pub operator: Option<String>,
}

/// A description, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The kind.
    pub kind: String,
    /// Its API version.
    pub api: String,
    /// Name of the file.
    pub file: String,
    /// The description.
    pub text: String,
    /// How many fields it has.
    pub fields: usize,
    /// Paths of objects that are taken whole, without a look inside.
    pub whole: Vec<String>,
    /// Paths of texts that are taken for secrets because of their names.
    pub secrets: Vec<String>,
}

/// Makes a description of a definition.
///
/// # Errors
/// Where the definition does not serve the version, or has no field that was chosen.
pub fn import(definition: &Definition, choice: &Choice) -> Result<Imported, ImportError> {
    let version = definition.version(choice.version.as_deref())?;
    let schema = version.pointer("/schema/openAPIV3Schema").unwrap_or(&Value::Null);
    let selection = Selection::new(&choice.fields);
    let mut found = schema::read(schema, &selection);
    if let Some((wrong, near)) = select::missing(&choice.fields, schema) {
        return Err(ImportError::NoSuchField { kind: definition.kind.clone(), field: wrong, near });
    }
    found.shorten(&selection);
    Ok(write::write(definition, version, choice, schema, &found))
}
