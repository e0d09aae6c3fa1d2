//! Object types that no description gives: the metadata of all kinds, results and recorded changes.

use crate::types::{Field, ObjectId, ObjectType, Origin, Type, Types};

fn field(name: &str, ty: Type, about: &str) -> Field {
    Field { name: name.to_owned(), ty, about: Some(about.to_owned()) }
}

fn list(inner: Type) -> Type {
    Type::List(Box::new(inner))
}

/// Metadata with and without a namespace.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// Of kinds in namespaces.
    pub namespaced: ObjectId,
    /// Of the others.
    pub cluster_wide: ObjectId,
}

/// `ObjectMeta`, as the Kubernetes API reference has it, as far as specs may look.
pub fn metadata(types: &mut Types) -> Metadata {
    let owner = types.add(ObjectType {
        name: "OwnerReference".to_owned(),
        origin: Origin::Part(None),
        fields: vec![
            field("apiVersion", Type::String, "API group and version of the owner."),
            field("kind", Type::String, "Kind of the owner."),
            field("name", Type::String, "Name of the owner."),
            field("uid", Type::String, "Uid of the owner."),
            field("controller", Type::Bool.optional(), "Whether the owner controls the object."),
        ],
    });
    let mut make = |name: &str, namespace: Type| {
        types.add(ObjectType {
            name: name.to_owned(),
            origin: Origin::Part(None),
            fields: vec![
                field("name", Type::String, "Name of the object."),
                field("namespace", namespace, "Namespace of the object."),
                field("uid", Type::String, "Identity of the object; a new one of the same name has another."),
                field(
                    "resourceVersion",
                    Type::String.optional(),
                    "Changes with every write; absent in answers to a dry run.",
                ),
                field("generation", Type::Int.optional(), "Changes with every change of the desired state."),
                field("creationTimestamp", Type::Time.optional(), "When it was created."),
                field("deletionTimestamp", Type::Time.optional(), "When its deletion began."),
                field("labels", Type::Map(Box::new(Type::String)), "Labels."),
                field("annotations", Type::Map(Box::new(Type::String)), "Annotations."),
                field("finalizers", list(Type::String), "What must be done before it goes."),
                field("ownerReferences", list(Type::Object(owner)), "Objects that it goes with."),
            ],
        })
    };
    Metadata {
        namespaced: make("NamespacedMetadata", Type::String),
        cluster_wide: make("Metadata", Type::String.optional()),
    }
}

/// What a fan-out delete gives: `{ done: list<string>, failed: list<{ name, reason }> }`.
pub fn delete_result(types: &mut Types) -> ObjectId {
    let failure = types.builtin(
        "DeleteFailure",
        vec![
            field("name", Type::String, "Name of the object that is still there."),
            field("reason", Type::String, "Why it is still there."),
        ],
    );
    types.builtin(
        "DeleteResult",
        vec![
            field("done", list(Type::String), "Names of the objects that are gone."),
            field("failed", list(Type::Object(failure)), "Objects that are still there."),
        ],
    )
}

/// The recorded changes of a call, as `output.changes` has them.
pub fn changes(types: &mut Types) -> Type {
    let words = ["create", "patch", "edit", "delete"].map(str::to_owned).to_vec();
    let change = types.builtin(
        "FieldChange",
        vec![
            field("field", Type::String, "Path of the field."),
            field("before", Type::String.optional(), "Its value before."),
            field("after", Type::String.optional(), "Its value after."),
        ],
    );
    let object = types.builtin(
        "ObjectChange",
        vec![
            field("action", Type::Enum(words), "What was done."),
            field("kind", Type::String, "Kind of the object."),
            field("name", Type::String, "Name of the object."),
            field("namespace", Type::String.optional(), "Namespace of the object."),
            field("manifest", Type::String.optional(), "The object as YAML, secrets masked; in a dry run."),
            field("fields", list(Type::Object(change)), "Fields that changed."),
        ],
    );
    list(Type::Object(object))
}
