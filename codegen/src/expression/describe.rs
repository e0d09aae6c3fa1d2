//! Types as messages name them.

use crate::types::{Origin, Type, Types};

/// A type in words of the spec language.
#[must_use]
pub fn describe(types: &Types, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::String => "string".to_owned(),
        Type::Enum(words) => format!("enum{{{}}}", words.join(", ")),
        Type::Quantity => "quantity".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Secret => "secret".to_owned(),
        Type::List(inner) => format!("list<{}>", describe(types, inner)),
        Type::Map(inner) => format!("map<{}>", describe(types, inner)),
        Type::Object(id) => {
            let object = types.object(*id);
            match object.origin {
                Origin::Mapping | Origin::Group => {
                    let names: Vec<&str> = object.fields.iter().map(|field| field.name.as_str()).collect();
                    format!("object{{{}}}", names.join(", "))
                }
                _ => object.name.clone(),
            }
        }
        Type::Optional(inner) => format!("{}?", describe(types, inner)),
        Type::Opaque => "opaque".to_owned(),
    }
}
