//! The fields of a kind that a starting spec shows or changes.

use crate::lowered::{Kind, KindField, KindFieldType};

/// Deeper fields are left to whoever edits the spec.
const DEPTH: usize = 3;

/// A field that holds one value, and the way to it.
pub struct Leaf<'k> {
    /// Names from the root on.
    pub path: Vec<&'k str>,
    /// The field.
    pub field: &'k KindField,
    /// Whether it may be absent: it, or something around it, is not required.
    pub optional: bool,
    /// Whether it can be changed.
    pub changeable: bool,
    /// Whether what was written can be read again.
    pub readable: bool,
}

impl Leaf<'_> {
    /// The path with dots, as expressions write it.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }

    fn is_shown(&self) -> bool {
        self.readable && !matches!(self.field.ty, KindFieldType::Secret)
    }
}

/// All single values near the root, in the order of the description.
fn leaves(kind: &Kind) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    collect(&kind.fields, &[], Flags { optional: false, changeable: true, readable: true }, &mut found);
    found
}

#[derive(Clone, Copy)]
struct Flags {
    optional: bool,
    changeable: bool,
    readable: bool,
}

fn collect<'k>(fields: &'k [KindField], path: &[&'k str], around: Flags, found: &mut Vec<Leaf<'k>>) {
    for field in fields.iter().filter(|field| is_word(&field.name)) {
        let path: Vec<&str> = path.iter().copied().chain([field.name.as_str()]).collect();
        let flags = Flags {
            optional: around.optional || !field.required,
            changeable: around.changeable && !field.server_set && !field.immutable,
            readable: around.readable && !field.write_only,
        };
        match &field.ty {
            KindFieldType::Object { fields, .. } if path.len() < DEPTH => collect(fields, &path, flags, found),
            KindFieldType::Object { .. }
            | KindFieldType::List { .. }
            | KindFieldType::Map(_)
            | KindFieldType::Opaque => {}
            _ => {
                let Flags { optional, changeable, readable } = flags;
                found.push(Leaf { path, field, optional, changeable, readable });
            }
        }
    }
}

/// Whether expressions can write it after a dot.
fn is_word(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Fields worth showing: some of what is wanted, some of what is.
pub fn shown(kind: &Kind) -> Vec<Leaf<'_>> {
    const OF_EACH: usize = 4;
    if kind.metadata_only {
        return Vec::new();
    }
    let (status, spec): (Vec<_>, Vec<_>) =
        leaves(kind).into_iter().filter(Leaf::is_shown).partition(|leaf| leaf.path[0] == "status");
    spec.into_iter().take(OF_EACH).chain(status.into_iter().take(OF_EACH)).collect()
}

/// The fields of the kind's conditions, where it has them as Kubernetes' API conventions want.
pub fn conditions(kind: &Kind) -> Option<&[KindField]> {
    let status = kind.fields.iter().find(|field| field.name == "status" && !kind.metadata_only)?;
    let KindFieldType::Object { fields, .. } = &status.ty else { return None };
    let conditions = fields.iter().find(|field| field.name == "conditions")?;
    let KindFieldType::List { items, .. } = &conditions.ty else { return None };
    let KindFieldType::Object { fields, .. } = &**items else { return None };
    let has = |wanted: &str| fields.iter().any(|field| field.name == wanted);
    ["type", "status", "message"].iter().all(|wanted| has(wanted)).then_some(fields)
}

/// Fields that can be changed, the first few.
pub fn changeable(kind: &Kind) -> Vec<Leaf<'_>> {
    const MOST: usize = 3;
    let can = |leaf: &Leaf<'_>| leaf.changeable && has_param_type(&leaf.field.ty);
    let mut found: Vec<_> = leaves(kind).into_iter().filter(can).collect();
    // Wanted state first; what stands beside `spec` only where there is nothing else.
    found.sort_by_key(|leaf| leaf.path[0] != "spec");
    found.truncate(MOST);
    found
}

/// Whether a parameter can have the type. An enum of one word is no choice.
pub fn has_param_type(ty: &KindFieldType) -> bool {
    match ty {
        KindFieldType::Enum(words) => words.len() > 1,
        KindFieldType::Bool
        | KindFieldType::Int { .. }
        | KindFieldType::Float
        | KindFieldType::String { .. }
        | KindFieldType::Quantity
        | KindFieldType::Secret => true,
        _ => false,
    }
}
