//! Structural schemas of custom resource definitions
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>),
//! read as fields of a description.

use serde_json::Value;

use super::fields::{Field, Fields, Shape};
use super::secret_names::looks_secret;
use super::select::{Selection, Taken};
use crate::expression::literal_fits_quantity;
use crate::sentence::first_sentence;

/// Names on a path, counted from the root: `spec.a.b.c`. Deeper objects are taken whole.
const DEPTH: usize = 4;

/// Levels below something that was chosen.
const DEPTH_OF_CHOSEN: usize = 3;

/// Reads the top-level fields beside `metadata`, and what is in them.
pub fn read(schema: &Value, selection: &Selection) -> Fields {
    let mut reader = Reader { selection, unnameable: Vec::new() };
    let fields = reader.fields(schema, &[]);
    Fields { all: fields, unnameable: reader.unnameable, whole: Vec::new() }
}

struct Reader<'s> {
    selection: &'s Selection,
    unnameable: Vec<String>,
}

impl Reader<'_> {
    /// The fields of an object that are taken in; those that it requires always are.
    fn fields(&mut self, schema: &Value, path: &[String]) -> Vec<Field> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let keys: Vec<&str> = list_keys(schema);
        let mut found: Vec<Field> = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if path.is_empty() && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
                continue;
            }
            let path: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
            let needed = required.contains(&name.as_str()) || keys.contains(&name.as_str());
            if self.selection.of(&path) == Taken::Not && !needed {
                continue;
            }
            if let Some(reason) = unfit(name, &found) {
                self.unnameable.push(format!("{} ({reason})", path.join(".")));
                continue;
            }
            let mut notes = Vec::new();
            let mut shape = self.shape(property, &path, &mut notes);
            let secret = matches!(shape, Shape::Text { .. }) && looks_secret(name);
            if secret {
                shape = Shape::Scalar("secret");
                notes.push("guessed from the name: write `type: string` if it is no secret".to_owned());
            }
            let default = property.get("default").filter(|default| {
                let fits = default_fits(default, &shape);
                if !fits {
                    notes.push(format!("the API server fills in {default}, which cannot be said here"));
                }
                fits
            });
            found.push(Field {
                name: name.clone(),
                about: property["description"].as_str().and_then(first_sentence),
                required: required.contains(&name.as_str()),
                immutable: is_immutable(schema, name, property),
                server_set: path == ["status"],
                secret,
                default: default.cloned(),
                path,
                shape,
                notes,
            });
        }
        found
    }

    fn shape(&mut self, schema: &Value, path: &[String], notes: &mut Vec<String>) -> Shape {
        if schema["x-kubernetes-int-or-string"] == true {
            return if is_quantity(schema) {
                Shape::Scalar("quantity")
            } else {
                notes.push("a number or a text".to_owned());
                Shape::Opaque
            };
        }
        if schema["x-kubernetes-embedded-resource"] == true {
            return Shape::Opaque;
        }
        match schema["type"].as_str() {
            Some("boolean") => Shape::Scalar("bool"),
            Some("integer") => integer(schema, notes),
            Some("number") => Shape::Scalar("float"),
            Some("string") => text(schema, notes),
            Some("array") => self.list(schema, path, notes),
            Some("object") => self.object(schema, path, notes),
            _ => Shape::Opaque,
        }
    }

    fn object(&mut self, schema: &Value, path: &[String], notes: &mut Vec<String>) -> Shape {
        if schema["properties"].as_object().is_some_and(|properties| !properties.is_empty()) {
            let seen = match self.selection.of(path) {
                Taken::OnTheWay => true,
                Taken::Chosen(levels) => levels < DEPTH_OF_CHOSEN || is_small(schema),
                Taken::ByDefault | Taken::Not => path.len() < DEPTH || is_small(schema),
            };
            if !seen {
                return Shape::Opaque;
            }
            let fields = self.fields(schema, path);
            return if fields.is_empty() { Shape::Opaque } else { Shape::Object(fields) };
        }
        match &schema["additionalProperties"] {
            values @ Value::Object(inner) if !inner.is_empty() => Shape::Map(Box::new(self.shape(values, path, notes))),
            _ => Shape::Opaque,
        }
    }

    fn list(&mut self, schema: &Value, path: &[String], notes: &mut Vec<String>) -> Shape {
        let keys = list_keys(schema);
        let mut element = schema["items"].clone();
        if let Value::Object(element) = &mut element {
            element.insert(KEYS.to_owned(), Value::from(keys.clone()));
        }
        let items = self.shape(&element, path, notes);
        let key = match (keys.as_slice(), &items) {
            ([key], Shape::Object(fields)) if fields.iter().any(|field| field.name == *key) => Some((*key).to_owned()),
            ([_, _, ..], Shape::Object(_)) => {
                notes.push(format!(
                    "elements are told apart by {} together, so `edit` cannot find one",
                    keys.join(", ")
                ));
                None
            }
            _ => None,
        };
        Shape::List { items: Box::new(items), key }
    }
}

/// Whether an object is a handful of single values: not worth leaving whole.
fn is_small(schema: &Value) -> bool {
    const HANDFUL: usize = 4;
    let properties = schema["properties"].as_object();
    properties.is_some_and(|properties| {
        properties.len() <= HANDFUL
            && properties.values().all(|inner| !matches!(inner["type"].as_str(), None | Some("object" | "array")))
    })
}

/// The keyword that says by which fields elements are told apart. It stands at the list; it is put at the element too.
const KEYS: &str = "x-kubernetes-list-map-keys";

fn list_keys(schema: &Value) -> Vec<&str> {
    schema[KEYS].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Why a field cannot stand in a description.
fn unfit(name: &str, others: &[Field]) -> Option<String> {
    let word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !word {
        return Some("no name of the language".to_owned());
    }
    let simple = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let twin = others.iter().find(|other| simple(&other.name) == simple(name))?;
    Some(format!("too much like `{}`", twin.name))
}

fn integer(schema: &Value, notes: &mut Vec<String>) -> Shape {
    #[allow(clippy::cast_possible_truncation, reason = "bounds of integers are whole numbers")]
    let whole = |key: &str| schema[key].as_i64().or_else(|| schema[key].as_f64().map(|number| number as i64));
    let (mut min, mut max) = (whole("minimum"), whole("maximum"));
    if schema["exclusiveMinimum"] == true {
        min = min.map(|min| min.saturating_add(1));
    }
    if schema["exclusiveMaximum"] == true {
        max = max.map(|max| max.saturating_sub(1));
    }
    if let Some(numbers) = schema["enum"].as_array() {
        let numbers: Vec<String> = numbers.iter().map(Value::to_string).collect();
        notes.push(format!("one of {}", numbers.join(", ")));
    }
    Shape::Int { min, max }
}

fn text(schema: &Value, notes: &mut Vec<String>) -> Shape {
    let words: Vec<&str> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !words.is_empty() {
        return Shape::Enum(words.into_iter().map(str::to_owned).collect());
    }
    if schema["format"] == "date-time" {
        return Shape::Scalar("time");
    }
    if is_quantity(schema) {
        return Shape::Scalar("quantity");
    }
    let pattern = schema["pattern"].as_str().filter(|pattern| {
        let compiles = regex::Regex::new(pattern).is_ok();
        if !compiles {
            notes.push(format!("has the pattern {pattern:?}, which is no regular expression here"));
        }
        compiles
    });
    Shape::Text { pattern: pattern.map(str::to_owned), max_length: schema["maxLength"].as_u64() }
}

/// controller-gen gives every `resource.Quantity` the same pattern, which knows `Ki` to `Ei`.
fn is_quantity(schema: &Value) -> bool {
    schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("[KMGTPE]i") || pattern.contains("Ki|Mi"))
}

/// CRDs say it by a rule in CEL, on the field itself or on the object around it.
fn is_immutable(parent: &Value, name: &str, field: &Value) -> bool {
    let rules = |schema: &Value| -> Vec<String> {
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        rules.filter_map(|rule| rule["rule"].as_str()).map(|rule| rule.split_whitespace().collect()).collect()
    };
    let same = |rule: &String, path: &str| {
        *rule == format!("self{path}==oldSelf{path}") || *rule == format!("oldSelf{path}==self{path}")
    };
    rules(field).iter().any(|rule| same(rule, "")) || rules(parent).iter().any(|rule| same(rule, &format!(".{name}")))
}

fn default_fits(default: &Value, shape: &Shape) -> bool {
    match shape {
        Shape::Scalar("bool") => default.is_boolean(),
        Shape::Scalar("float") => default.is_number(),
        Shape::Scalar("time") | Shape::Text { .. } => default.is_string(),
        Shape::Scalar("quantity") => default.as_str().is_some_and(literal_fits_quantity),
        // A secret's default would stand in the file.
        Shape::Scalar(_) => false,
        Shape::Int { min, max } => default
            .as_i64()
            .is_some_and(|value| min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)),
        Shape::Enum(words) => default.as_str().is_some_and(|word| words.iter().any(|known| known == word)),
        Shape::List { .. } => default.is_array(),
        Shape::Map(_) | Shape::Object(_) => default.is_object(),
        Shape::Opaque => true,
    }
}
