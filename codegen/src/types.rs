//! The types of the spec language.
//!
//! `T ::= bool | int | float | string | enum{…} | quantity | time | duration | secret | list<T> | map<T> | object | T? | opaque`.
//! Object types live in an arena ([`Types`]) and are shared by structure, so that two mappings with the
//! same fields are one Rust struct in the generated code.

use std::collections::{BTreeMap, BTreeSet};

/// A type of the spec language.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A 64-bit integer; arithmetic is checked.
    Int,
    /// A 64-bit float.
    Float,
    /// Text.
    String,
    /// One of a closed list of words; widens to `string`.
    Enum(Vec<String>),
    /// A Kubernetes quantity such as `10Gi`.
    Quantity,
    /// A point in time, RFC 3339.
    Time,
    /// A span of time in whole seconds.
    Duration,
    /// Text that may reach nothing but fields marked secret.
    Secret,
    /// Values in order; an absent list is empty.
    List(Box<Type>),
    /// Values by text key, ordered by key; an absent map is empty.
    Map(Box<Type>),
    /// Named fields.
    Object(ObjectId),
    /// A scalar or object that may be absent. Never nested, never around a list or map.
    Optional(Box<Type>),
    /// Copied whole, never looked into.
    Opaque,
}

impl Type {
    /// `T?`, without nesting; lists and maps stay as they are, since absent ones are empty.
    #[must_use]
    pub fn optional(self) -> Self {
        match self {
            Self::Optional(_) | Self::List(_) | Self::Map(_) => self,
            other => Self::Optional(Box::new(other)),
        }
    }

    /// The type without `?`.
    #[must_use]
    pub fn required(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            other => other,
        }
    }

    /// Whether a value of this type may be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_))
    }
}

/// An object type in [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub usize);

/// A Kubernetes kind in the lowered program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub usize);

/// What an object type describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The root of a Kubernetes kind: `metadata`, `spec`, `status` and the like.
    Resource(KindId),
    /// An object inside a Kubernetes kind (or the metadata that all kinds share, with no kind).
    Part(Option<KindId>),
    /// Made by a mapping in a tool.
    Mapping,
    /// Parameters that a `spread` takes in.
    Group,
    /// Given by the vocabulary: map entries, results of fan-out deletes, recorded changes.
    Builtin,
}

/// An object type: fields in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectType {
    /// Name of the Rust struct, unique in the program (`ClusterSpecManagedRole`).
    pub name: String,
    /// The fields.
    pub fields: Vec<Field>,
    /// Where the type comes from.
    pub origin: Origin,
}

impl ObjectType {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A field of an object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as it stands in JSON.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// One or two sentences for docs and schemas.
    pub about: Option<String>,
}

/// The arena of object types.
#[derive(Debug, Clone, Default)]
pub struct Types {
    objects: Vec<ObjectType>,
    names: BTreeSet<String>,
    mappings: BTreeMap<Vec<(String, Type)>, ObjectId>,
    builtins: BTreeMap<Vec<(String, Type)>, ObjectId>,
}

/// Names and types of fields, by which objects are told apart.
fn shape(fields: &[Field]) -> Vec<(String, Type)> {
    fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()
}

impl Types {
    /// Adds an object type that stands for itself.
    pub fn add(&mut self, object: ObjectType) -> ObjectId {
        self.names.insert(object.name.clone());
        self.objects.push(object);
        ObjectId(self.objects.len() - 1)
    }

    /// Adds the type of a mapping, or finds the one with the same fields and types.
    pub fn mapping(&mut self, name: &str, fields: Vec<Field>) -> ObjectId {
        let shape = shape(&fields);
        if let Some(id) = self.mappings.get(&shape) {
            return *id;
        }
        let name = self.free_name(name);
        let id = self.add(ObjectType { name, fields, origin: Origin::Mapping });
        self.mappings.insert(shape, id);
        id
    }

    /// Adds a type of the vocabulary, or finds the one with the same fields and types.
    pub fn builtin(&mut self, name: &str, fields: Vec<Field>) -> ObjectId {
        let shape = shape(&fields);
        if let Some(id) = self.builtins.get(&shape) {
            return *id;
        }
        let name = self.free_name(name);
        let id = self.add(ObjectType { name, fields, origin: Origin::Builtin });
        self.builtins.insert(shape, id);
        id
    }

    /// The name, or the name with a number where it is taken.
    #[must_use]
    pub fn free_name(&self, name: &str) -> String {
        let taken = |name: &str| self.names.contains(name);
        if !taken(name) {
            return name.to_owned();
        }
        // Of so many numbers one is free.
        let numbers = 2..=self.objects.len() + 2;
        numbers.map(|number| format!("{name}{number}")).find(|name| !taken(name)).unwrap_or_else(|| name.to_owned())
    }

    /// How many there are so far; [`Types::forget_since`] goes back to it.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.objects.len()
    }

    /// Takes back what was added since a mark: types that were looked at, and are none of the program.
    pub fn forget_since(&mut self, mark: usize) {
        for object in self.objects.drain(mark.min(self.objects.len())..) {
            let shape = shape(&object.fields);
            for known in [&mut self.mappings, &mut self.builtins] {
                if known.get(&shape).is_some_and(|id| id.0 >= mark) {
                    known.remove(&shape);
                }
            }
            self.names.remove(&object.name);
        }
    }

    /// The object type behind an id of this arena.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> &ObjectType {
        &self.objects[id.0]
    }

    /// All object types with their ids, in the order of their making.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectId, &ObjectType)> {
        self.objects.iter().enumerate().map(|(index, object)| (ObjectId(index), object))
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Type, Types};

    #[test]
    fn what_is_forgotten_leaves_no_trace() {
        let field = |name: &str| vec![Field { name: name.to_owned(), ty: Type::Int, about: None }];
        let mut types = Types::default();
        let kept = types.mapping("A", field("a"));
        let mark = types.mark();
        let gone = types.mapping("B", field("b"));
        assert_eq!(types.mapping("C", field("a")), kept);
        types.builtin("D", field("d"));
        types.forget_since(mark);
        assert_eq!(types.iter().count(), 1);
        assert_eq!(types.free_name("B"), "B");
        assert_eq!(types.free_name("A"), "A2");
        assert_eq!(types.mapping("C", field("a")), kept);
        // Its number is given anew, to another type.
        assert_eq!(types.mapping("E", field("e")), gone);
        let again = types.builtin("D", field("d"));
        assert_eq!(types.object(again).name, "D");
    }
}
