//! JSON Schema of what tools take and give.
//!
//! Written for every client there is: an object at the root, everything inlined, no `$ref`, `oneOf`,
//! `anyOf` or `const`; optional means not required; words are string enums; patterns are anchored and
//! without look-around.

use serde_json::{Map, Value, json};

use super::meanings::Meanings;
use super::one_paragraph;
use super::rust::File;
use crate::lowered::{Bounds, Effect, Expr, Param, ParamDefault, ParamType, Program, StringFormat, Tool};
use crate::types::{Type, Types};

/// RFC 1123 label.
const DNS1123_LABEL: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// RFC 1123 subdomain.
const DNS1123_SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// RFC 1035 label.
const DNS1035_LABEL: &str = "^[a-z]([-a-z0-9]*[a-z0-9])?$";
/// A quantity as Kubernetes reads it (`k8s.io/apimachinery/pkg/api/resource`), without sign.
const QUANTITY: &str = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]{1,2})?$";

/// Longest quantity that is taken.
const QUANTITY_LENGTH: usize = 64;

/// Pattern and greatest length of a named form.
pub fn format(format: StringFormat) -> (&'static str, usize) {
    match format {
        StringFormat::Dns1123Label => (DNS1123_LABEL, 63),
        StringFormat::Dns1123Subdomain => (DNS1123_SUBDOMAIN, 253),
        StringFormat::Dns1035Label => (DNS1035_LABEL, 63),
    }
}

/// The schema of a tool's arguments.
pub fn input(tool: &Tool) -> Value {
    let properties: Map<String, Value> =
        tool.params.iter().map(|param| (param.name.clone(), parameter(param))).collect();
    let required: Vec<&str> =
        tool.params.iter().filter(|param| param.required).map(|param| param.name.as_str()).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    Value::Object(schema)
}

fn parameter(param: &Param) -> Value {
    let mut schema = match &param.ty {
        ParamType::Bool => object([("type", json!("boolean"))]),
        ParamType::Int => numeric("integer", &param.bounds),
        ParamType::Float => numeric("number", &param.bounds),
        ParamType::String => text(&param.bounds),
        ParamType::Secret => {
            let mut schema = text(&param.bounds);
            schema.insert("writeOnly".to_owned(), json!(true));
            schema
        }
        ParamType::Enum(words) => object([("type", json!("string")), ("enum", json!(words))]),
        ParamType::Quantity => {
            object([("type", json!("string")), ("maxLength", json!(QUANTITY_LENGTH)), ("pattern", json!(QUANTITY))])
        }
        ParamType::StringList => object([("type", json!("array")), ("items", Value::Object(text(&param.bounds)))]),
    };
    if let Some(ParamDefault::Literal(default)) = &param.default {
        schema.insert("default".to_owned(), default.clone());
    }
    schema.insert("description".to_owned(), json!(described(param)));
    Value::Object(schema)
}

/// The description, with the rules that a schema cannot say.
fn described(param: &Param) -> String {
    let mut text = one_paragraph(&param.about);
    if let Some(reserved) = &param.bounds.reserved {
        let names: Vec<String> = reserved
            .names
            .iter()
            .map(|name| format!("`{name}`"))
            .chain(reserved.prefixes.iter().map(|prefix| format!("`{prefix}*`")))
            .collect();
        if !text.ends_with('.') {
            text.push('.');
        }
        text.push_str(" Reserved: ");
        text.push_str(&names.join(", "));
        text.push('.');
    }
    text
}

fn numeric(ty: &str, bounds: &Bounds) -> Map<String, Value> {
    let mut schema = object([("type", json!(ty))]);
    insert(&mut schema, "minimum", bounds.min);
    insert(&mut schema, "maximum", bounds.max);
    schema
}

fn text(bounds: &Bounds) -> Map<String, Value> {
    let mut schema = object([("type", json!("string"))]);
    let form = bounds.format.map(format);
    let longest = [bounds.max_length, form.map(|(_, length)| length)].into_iter().flatten().min();
    insert(&mut schema, "minLength", bounds.min_length);
    insert(&mut schema, "maxLength", longest);
    insert(&mut schema, "pattern", bounds.pattern.as_deref().or(form.map(|(pattern, _)| pattern)));
    schema
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn insert(schema: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        schema.insert(key.to_owned(), value.into());
    }
}

/// A field of an output: name, schema, whether it is always there.
pub struct OutputProperty {
    /// Name in JSON.
    pub name: String,
    /// Its schema, description included.
    pub schema: Value,
    /// Whether it is always there.
    pub required: bool,
}

/// Fields of a tool's structured output in the order in which they come: the outcome, the tool's own, and
/// what the runtime adds.
pub fn output_properties(program: &Program, tool: &Tool) -> Vec<OutputProperty> {
    properties_of(&program.types, tool)
}

fn properties_of(types: &Types, tool: &Tool) -> Vec<OutputProperty> {
    let mut properties = vec![property("outcome", described_as(outcomes(), "How the call ended."), true)];
    let declared = types.object(tool.output_type);
    let meanings = Meanings::new(types, tool);
    for field in &tool.output {
        let ty = declared.field(&field.name).map_or(&field.value.ty, |field| &field.ty);
        let mut schema = value(types, ty);
        describe(&mut schema, &meanings, field.about.as_ref(), &field.value);
        properties.push(property(&field.name, schema, !ty.is_optional()));
    }
    if tool.effect != Effect::Read {
        properties.push(property("changes", changes(), true));
    }
    properties.push(property(
        "warnings",
        described_as(json!({ "type": "array", "items": { "type": "string" } }), "What else should be known."),
        true,
    ));
    if tool.paged_output.is_some() {
        let count = |about: &str| described_as(json!({ "type": "integer", "minimum": 0 }), about);
        properties.push(property("returned", count("How many items are here."), true));
        properties.push(property("total", count("How many there are, where the API server told."), false));
        properties.push(property("scanned", count("How many were looked at to find these."), false));
    }
    if can_be_cut(types, tool) {
        properties.push(property(
            "truncated",
            described_as(json!({ "type": "boolean" }), "Whether something was left out."),
            true,
        ));
    }
    if tool.paged_output.is_some() {
        let about = "Pass it as `cursor` to go on; absent on the last page.";
        properties.push(property("cursor", described_as(json!({ "type": "string" }), about), false));
    }
    properties
}

/// Whether the response budget can shorten the output: it has lists somewhere.
fn can_be_cut(types: &Types, tool: &Tool) -> bool {
    fn lists(types: &Types, ty: &Type) -> bool {
        match ty {
            Type::List(_) => true,
            Type::Optional(inner) | Type::Map(inner) => lists(types, inner),
            Type::Object(id) => types.object(*id).fields.iter().any(|field| lists(types, &field.ty)),
            _ => false,
        }
    }
    tool.paged_output.is_some() || tool.output.iter().any(|field| lists(types, &field.value.ty))
}

/// The schema of a tool's structured output.
pub fn output(program: &Program, tool: &Tool) -> Value {
    output_of(&program.types, tool)
}

/// The same, while the other tools are still being checked.
pub fn output_of(types: &Types, tool: &Tool) -> Value {
    let properties = properties_of(types, tool);
    let required: Vec<String> =
        properties.iter().filter(|property| property.required).map(|property| property.name.clone()).collect();
    let properties: Map<String, Value> =
        properties.into_iter().map(|property| (property.name, property.schema)).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn property(name: &str, schema: Value, required: bool) -> OutputProperty {
    OutputProperty { name: name.to_owned(), schema, required }
}

fn described_as(mut schema: Value, about: &str) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".to_owned(), json!(one_paragraph(about)));
    }
    schema
}

fn outcomes() -> Value {
    json!({ "type": "string", "enum": ["done", "unchanged", "planned", "unconfirmed", "partial", "timed_out"] })
}

fn changes() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "action": { "type": "string", "enum": ["create", "patch", "edit", "delete"], "description": "What was done." },
                "kind": text("Kind of the object."),
                "name": text("Its name."),
                "namespace": text("Its namespace."),
                "manifest": text("What would be created, as YAML, in a dry run."),
                "fields": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "field": text("Path of the field."),
                            "before": text("What it was; absent where it was not set."),
                            "after": text("What it is; absent where it was taken away."),
                        },
                        "required": ["field"],
                    },
                    "description": "Fields that changed.",
                },
            },
            "required": ["action", "kind", "name", "fields"],
        },
        "description": "What was written, or in a dry run what would be.",
    })
}

/// Says what a value means, and what the fields of the mapping do that it is made by.
fn describe<'p>(schema: &mut Value, meanings: &Meanings<'p>, about: Option<&String>, value: &'p Expr) {
    if let Some(text) = meanings.of_field(about, value) {
        schema["description"] = json!(text);
    }
    let inner = if schema["items"].is_object() { &mut schema["items"] } else { schema };
    for made in meanings.fields(value) {
        if let Some(property) = inner["properties"].get_mut(made.name)
            && property["description"].is_null()
        {
            describe(property, meanings, made.about, made.value);
        }
    }
}

/// The schema of a value.
fn value(types: &Types, ty: &Type) -> Value {
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int | Type::Duration => json!({ "type": "integer" }),
        Type::Float => json!({ "type": "number" }),
        Type::String | Type::Quantity | Type::Secret => json!({ "type": "string" }),
        Type::Enum(words) => json!({ "type": "string", "enum": words }),
        Type::Time => json!({ "type": "string", "format": "date-time" }),
        Type::List(element) => json!({ "type": "array", "items": value(types, element) }),
        Type::Map(element) => json!({ "type": "object", "additionalProperties": value(types, element) }),
        Type::Optional(inner) => value(types, inner),
        Type::Opaque => json!({}),
        Type::Object(id) => {
            let object = types.object(*id);
            let properties: Map<String, Value> = object
                .fields
                .iter()
                .map(|field| {
                    let schema = value(types, &field.ty);
                    let schema = match &field.about {
                        Some(about) => described_as(schema, about),
                        None => schema,
                    };
                    (field.name.clone(), schema)
                })
                .collect();
            let required: Vec<&str> =
                object.fields.iter().filter(|field| !field.ty.is_optional()).map(|field| field.name.as_str()).collect();
            let mut schema = object_schema(properties);
            if !required.is_empty() {
                schema.insert("required".to_owned(), json!(required));
            }
            Value::Object(schema)
        }
    }
}

fn object_schema(properties: Map<String, Value>) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema
}

/// Both schemas of every tool, as published, for people and their tools.
pub fn files(program: &Program) -> Vec<File> {
    let file = |name: String, schema: &Value| File { path: name, text: format!("{schema:#}\n") };
    program
        .tools
        .iter()
        .flat_map(|tool| {
            [
                file(format!("{}.input.json", tool.name), &input(tool)),
                file(format!("{}.output.json", tool.name), &output(program, tool)),
            ]
        })
        .collect()
}
