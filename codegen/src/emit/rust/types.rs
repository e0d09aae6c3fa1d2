//! Types of the spec language in Rust, and the structs that a module defines.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::module::VOCABULARY;
use super::names::{ident, type_ident};
use crate::lowered::walk;
use crate::lowered::{Program, Tool};
use crate::types::{ObjectId, ObjectType, Origin, Type};

/// The Rust type of an owned value.
pub fn rust_type(program: &Program, tool: Option<&Tool>, ty: &Type) -> TokenStream {
    match ty {
        Type::Bool => quote!(bool),
        Type::Int | Type::Duration => quote!(i64),
        Type::Float => quote!(f64),
        Type::String | Type::Enum(_) | Type::Quantity => quote!(String),
        Type::Time => quote!(Time),
        Type::Secret => quote!(SecretText),
        Type::Opaque => quote!(Value),
        Type::List(element) => {
            let element = rust_type(program, tool, element);
            quote!(Vec<#element>)
        }
        Type::Map(element) => {
            let element = rust_type(program, tool, element);
            quote!(BTreeMap<String, #element>)
        }
        Type::Optional(inner) => {
            let inner = rust_type(program, tool, inner);
            quote!(Option<#inner>)
        }
        Type::Object(id) => object_type(program, tool, *id),
    }
}

/// The type of a borrowed value: `&str`, `&[T]`, `Option<&T>`.
pub fn borrowed_type(program: &Program, tool: &Tool, ty: &Type) -> TokenStream {
    match ty {
        ty if super::code::is_copy(ty) => rust_type(program, Some(tool), ty),
        ty if super::code::is_text(ty) => quote!(&str),
        Type::List(element) => {
            let element = rust_type(program, Some(tool), element);
            quote!(&[#element])
        }
        Type::Optional(inner) => {
            let inner = borrowed_type(program, tool, inner);
            quote!(Option<#inner>)
        }
        other => {
            let owned = rust_type(program, Some(tool), other);
            quote!(&#owned)
        }
    }
}

fn object_type(program: &Program, tool: Option<&Tool>, id: ObjectId) -> TokenStream {
    let object = program.types.object(id);
    if object.origin == Origin::Builtin
        && let [key, value] = object.fields.as_slice()
        && key.name == "key"
        && value.name == "value"
    {
        let value = rust_type(program, tool, &value.ty);
        return quote!(Entry<#value>);
    }
    let name = match tool {
        Some(tool) => struct_name(program, tool, id),
        None => shared_name(object),
    };
    quote!(#name)
}

/// The struct's name inside a tool's module.
pub fn struct_name(program: &Program, tool: &Tool, id: ObjectId) -> Ident {
    if id == tool.output_type {
        return type_ident("Output");
    }
    let object = program.types.object(id);
    let own = object.name.strip_prefix(&camel(&tool.name)).filter(|rest| {
        let taken = ["Output", "Params"].contains(rest)
            || VOCABULARY.contains(rest)
            || program.types.iter().any(|(_, other)| other.name == **rest);
        is_defined_by_tool(object.origin) && rest.starts_with(|first: char| first.is_ascii_uppercase()) && !taken
    });
    own.map_or_else(|| shared_name(object), type_ident)
}

/// `get_cluster_status` → `GetClusterStatus`, as the names of a tool's mappings begin.
fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

/// The struct's name in every module. Metadata and what the vocabulary gives are the runtime's.
fn shared_name(object: &ObjectType) -> Ident {
    match (object.origin, object.name.as_str()) {
        (Origin::Part(None), "OwnerReference") => type_ident("OwnerReference"),
        (Origin::Part(None), _) => type_ident("ObjectMeta"),
        (Origin::Builtin, "DeleteResult") => type_ident("Deleted"),
        (Origin::Builtin, "DeleteFailure") => type_ident("FailedDelete"),
        (_, name) => type_ident(name),
    }
}

/// Whether tools define the struct themselves.
pub fn is_defined_by_tool(origin: Origin) -> bool {
    matches!(origin, Origin::Mapping | Origin::Group)
}

/// Every object type that a tool's expressions have, with those inside them, in the order of the arena.
pub fn objects_of(program: &Program, tool: &Tool) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    for field in &tool.output {
        reach(program, &field.value.ty, &mut found);
    }
    walk::tool(tool, &mut |expr| {
        if let crate::lowered::ExprKind::Object { object, .. } = &expr.kind {
            reach(program, &Type::Object(*object), &mut found);
        }
        if let crate::lowered::ExprKind::Widen(_) = &expr.kind {
            reach(program, &expr.ty, &mut found);
        }
    });
    found.remove(&tool.output_type);
    found
}

/// The object types in a type, as far as tools define them.
fn reach(program: &Program, ty: &Type, found: &mut BTreeSet<ObjectId>) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => reach(program, inner, found),
        Type::Object(id) => {
            let object = program.types.object(*id);
            if is_defined_by_tool(object.origin) && found.insert(*id) {
                for field in &object.fields {
                    reach(program, &field.ty, found);
                }
            }
        }
        _ => {}
    }
}

/// A field of a struct that is written as JSON: absent ones are left out.
pub fn serialized_field(program: &Program, tool: &Tool, name: &str, ty: &Type, about: Option<&str>) -> TokenStream {
    let field = ident(name);
    let rust = rust_type(program, Some(tool), ty);
    let doc = about.map_or_else(|| crate::emit::in_words(name), crate::emit::one_paragraph);
    let doc = format!(" {doc}");
    let rename = (field.to_string().trim_start_matches("r#") != name).then(|| quote!(#[serde(rename = #name)]));
    let skip = ty.is_optional().then(|| quote!(#[serde(skip_serializing_if = "Option::is_none")]));
    quote!(#[doc = #doc] #rename #skip pub #field: #rust)
}
