//! From `openAPIV3Schema` to [`Schema`].

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::rules::Rule;
use super::{CrdError, ListType, Schema, Type};

/// Keywords that would have to be enforced and are not known here. `anyOf` is let through where it only
/// spells out `x-kubernetes-int-or-string`.
const NOT_ENFORCED: [&str; 7] =
    ["allOf", "oneOf", "not", "multipleOf", "uniqueItems", "patternProperties", "dependencies"];

fn refuse_unknown(schema: &Value, path: &str) -> Result<(), CrdError> {
    let int_or_string = schema["x-kubernetes-int-or-string"] == true;
    let any_of = (!int_or_string && schema.get("anyOf").is_some()).then_some("anyOf");
    let found = NOT_ENFORCED.into_iter().find(|keyword| {
        // `uniqueItems: false` and the like ask for nothing.
        schema.get(*keyword).is_some_and(|value| *value != false)
    });
    match found.or(any_of) {
        Some(keyword) => Err(CrdError::Keyword { path: path.to_owned(), keyword }),
        None => Ok(()),
    }
}

impl Schema {
    /// Reads a schema; `path` is where it stands, for errors.
    ///
    /// # Errors
    /// A pattern that is no regular expression, a keyword or a CEL rule that is not understood.
    pub fn parse(schema: &Value, path: &str) -> Result<Self, CrdError> {
        refuse_unknown(schema, path)?;
        let text = |field: &str| schema[field].as_str().unwrap_or_default();
        let flag = |field: &str| schema[field].as_bool().unwrap_or_default();
        let length = |field: &str| schema[field].as_u64();
        let mut properties = BTreeMap::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            properties.insert(name.clone(), Self::parse(property, &format!("{path}.{name}"))?);
        }
        let values = match &schema["additionalProperties"] {
            Value::Object(_) => Some(Box::new(Self::parse(&schema["additionalProperties"], &format!("{path}.*"))?)),
            Value::Bool(true) => Some(Box::new(Self::any())),
            _ => None,
        };
        let items = match &schema["items"] {
            Value::Object(_) => Some(Box::new(Self::parse(&schema["items"], &format!("{path}[]"))?)),
            _ => None,
        };
        let pattern = match schema["pattern"].as_str() {
            Some(pattern) => Some(
                Regex::new(pattern)
                    .map_err(|error| CrdError::Pattern { path: path.to_owned(), error: error.to_string() })?,
            ),
            None => None,
        };
        let list = match text("x-kubernetes-list-type") {
            "set" => ListType::Set,
            "map" => ListType::Map(strings(&schema["x-kubernetes-list-map-keys"])),
            _ => ListType::Atomic,
        };
        let mut rules = Vec::new();
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            rules.push(Rule::parse(rule, path)?);
        }
        Ok(Self {
            kind: type_of(schema),
            properties,
            values,
            items,
            preserves_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            embedded: flag("x-kubernetes-embedded-resource"),
            required: strings(&schema["required"]),
            choices: schema["enum"].as_array().cloned().unwrap_or_default(),
            pattern,
            format: text("format").to_owned(),
            minimum: schema["minimum"].as_f64(),
            maximum: schema["maximum"].as_f64(),
            exclusive_minimum: flag("exclusiveMinimum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            min_length: length("minLength"),
            max_length: length("maxLength"),
            min_items: length("minItems"),
            max_items: length("maxItems"),
            min_properties: length("minProperties"),
            max_properties: length("maxProperties"),
            nullable: flag("nullable"),
            default: schema.get("default").cloned(),
            list,
            atomic_map: text("x-kubernetes-map-type") == "atomic",
            rules,
        })
    }

    /// A schema that takes anything and keeps it.
    pub fn any() -> Self {
        Self {
            kind: Type::Any,
            properties: BTreeMap::new(),
            values: None,
            items: None,
            preserves_unknown: true,
            embedded: false,
            required: Vec::new(),
            choices: Vec::new(),
            pattern: None,
            format: String::new(),
            minimum: None,
            maximum: None,
            exclusive_minimum: false,
            exclusive_maximum: false,
            min_length: None,
            max_length: None,
            min_items: None,
            max_items: None,
            min_properties: None,
            max_properties: None,
            nullable: true,
            default: None,
            list: ListType::Atomic,
            atomic_map: false,
            rules: Vec::new(),
        }
    }

    /// The schema of a field of an object, be it a property or a value of a map.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).or(self.values.as_deref())
    }
}

fn type_of(schema: &Value) -> Type {
    if schema["x-kubernetes-int-or-string"] == true {
        return Type::IntOrString;
    }
    match schema["type"].as_str().unwrap_or_default() {
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => Type::Any,
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
