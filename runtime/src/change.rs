//! What a call changed, or would change: the `changes` of an answer.

use serde::Serialize;

use crate::secret::KnownSecrets;

/// What was done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Made, or taken over from a killed call.
    Create,
    /// Some fields changed.
    Patch,
    /// One element of a list inside it changed.
    Edit,
    /// Asked to go.
    Delete,
}

impl Action {
    /// The verb for texts: `create`, `patch`, `edit`, `delete`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Patch => "patch",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }
}

/// One write of a call. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// Kind of the object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; absent for cluster-scoped kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Dry run of a create: the manifest sent, as YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Fields that changed, in the order of the request.
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// Masks known secrets in every text that came from elsewhere.
    pub(crate) fn mask(&mut self, secrets: &KnownSecrets) {
        self.manifest.iter_mut().for_each(|text| *text = secrets.mask(text));
        for field in &mut self.fields {
            for text in field.before.iter_mut().chain(&mut field.after) {
                *text = secrets.mask(text);
            }
        }
    }
}

/// A field before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Dotted path inside the object or, for an edit, `list[key].field`.
    pub field: String,
    /// What it was; absent where it was not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is; absent where it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
