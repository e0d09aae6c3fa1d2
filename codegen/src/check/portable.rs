//! Published schemas keep to what every MCP client reads.
//!
//! Clients hand them to the API of a model, and each of those takes another subset of JSON Schema. The rules
//! here are what they have in common: those of Anthropic's tool use (names of properties) and of `OpenAI`'s
//! structured outputs (number of properties, nesting, words of enums), and no construct that any leaves out.

use serde_json::Value as Json;

use crate::diagnostic::{Code, Sink};
use crate::emit::schema;
use crate::lowered;
use crate::source::Span;
use crate::syntax::{self, ParamDecl, Value};
use crate::types::Types;

/// Keywords that all clients take.
const KEYWORDS: &[&str] = &[
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "description",
    "default",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "writeOnly",
];

/// Types that a schema may name.
const TYPES: &[&str] = &["object", "array", "string", "integer", "number", "boolean"];

/// Characters of a property's name.
const NAME: usize = 64;
/// Objects inside each other, the root included.
const DEPTH: usize = 10;
/// Properties of a schema in all.
const PROPERTIES: usize = 5_000;
/// Words of all enums of a schema.
const WORDS: usize = 1_000;
/// Characters of one enum that has more than [`MANY_WORDS`].
const CHARACTERS: usize = 15_000;
const MANY_WORDS: usize = 250;

/// What a client would not take.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    /// Names of properties from the root on.
    path: Vec<String>,
    message: String,
    rule: String,
}

/// Says what clients would refuse in a tool's two schemas, at the parameter or output field that it comes from.
pub(super) fn check(written: &syntax::Tool, tool: &lowered::Tool, types: &Types, sink: &mut Sink) {
    for problem in problems(&schema::input(tool)) {
        let place = problem.path.first().and_then(|name| param_place(written, name));
        say(problem, place.unwrap_or(written.name.span), "parameters", sink);
    }
    for problem in problems(&schema::output_of(types, tool)) {
        let field = written.output.iter().find(|field| Some(&field.key.text) == problem.path.first());
        let place = field.map(|field| place_of(&field.value, &problem.path[1..]).unwrap_or(field.key.span));
        say(problem, place.unwrap_or(written.name.span), "output", sink);
    }
}

fn say(problem: Problem, place: Span, of: &str, sink: &mut Sink) {
    sink.error(Code::SchemaNotPortable, place, problem.message)
        .note(format!("the schema of the {of} is given to clients, and not all of them take it"))
        .help(format!("keep to the rule: {}", problem.rule));
}

fn param_place(tool: &syntax::Tool, name: &str) -> Option<Span> {
    let own = |param: &syntax::Param| {
        (param.name.text == name && param.name.span.file == tool.name.span.file).then_some(param.name.span)
    };
    tool.params.iter().find_map(|decl| match decl {
        ParamDecl::Param(param) => own(param),
        ParamDecl::Group { members, .. } => members.iter().find_map(own),
    })
}

/// The key of a property inside a value, as deep as it is written out.
fn place_of(value: &Value, path: &[String]) -> Option<Span> {
    match value {
        Value::Object(fields, _) => {
            let (name, rest) = path.split_first()?;
            let field = fields.iter().find(|field| field.key.text == *name)?;
            Some(place_of(&field.value, rest).unwrap_or(field.key.span))
        }
        Value::Each(each) => place_of(each.map.as_ref()?, path),
        Value::When(parts, _) => place_of(&parts.1, path),
        _ => None,
    }
}

/// Everything in a schema that clients refuse.
fn problems(root: &Json) -> Vec<Problem> {
    let mut walk = Walk::default();
    if root.get("type").and_then(Json::as_str) != Some("object") {
        walk.problem(&[], "the schema is not of an object", "the root is an object with `properties`");
    }
    walk.schema(root, &mut Vec::new(), 0);
    if walk.properties > PROPERTIES {
        let message = format!("the schema has {} properties", walk.properties);
        walk.problem(&[], &message, &format!("at most {PROPERTIES} in all"));
    }
    if walk.words > WORDS {
        let message = format!("the enums of the schema have {} words", walk.words);
        walk.problem(&[], &message, &format!("at most {WORDS} in all"));
    }
    walk.found
}

#[derive(Default)]
struct Walk {
    found: Vec<Problem>,
    properties: usize,
    words: usize,
}

impl Walk {
    fn problem(&mut self, path: &[String], message: &str, rule: &str) {
        self.found.push(Problem { path: path.to_vec(), message: message.to_owned(), rule: rule.to_owned() });
    }

    /// A schema with `depth` objects around it.
    fn schema(&mut self, schema: &Json, path: &mut Vec<String>, depth: usize) {
        let Json::Object(keys) = schema else {
            return self.problem(path, "this schema is no mapping", "every schema is written out");
        };
        for key in keys.keys().filter(|key| !KEYWORDS.contains(&key.as_str())) {
            self.problem(path, &format!("this has `{key}`"), &format!("no `{key}`; only {}", KEYWORDS.join(", ")));
        }
        match keys.get("type") {
            Some(Json::String(ty)) if TYPES.contains(&ty.as_str()) => {}
            Some(_) => self.problem(path, "this has a list of types, or an unknown one", "one `type`, by its word"),
            None => self.problem(path, "this value can be of any type", "every value has one `type`; name the part of an opaque value that matters, by describing it in the resource"),
        }
        self.words(keys.get("enum"), path);
        let inside = depth + usize::from(keys.get("type").and_then(Json::as_str) == Some("object"));
        if inside > DEPTH && depth == DEPTH {
            self.problem(path, "this object lies too deep", &format!("at most {DEPTH} objects inside each other"));
        }
        if let Some(Json::Object(properties)) = keys.get("properties") {
            for (name, inner) in properties {
                self.properties += 1;
                path.push(name.clone());
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
                if name.is_empty() || name.len() > NAME || !name.chars().all(plain) {
                    let rule = format!("names are 1 to {NAME} of a-z, A-Z, 0-9, `_`, `.` and `-`");
                    self.problem(path, &format!("`{name}` cannot be the name of a property"), &rule);
                }
                self.schema(inner, path, inside);
                path.pop();
            }
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner @ Json::Object(_)) = keys.get(key) {
                self.schema(inner, path, inside);
            }
        }
    }

    fn words(&mut self, words: Option<&Json>, path: &[String]) {
        let Some(Json::Array(words)) = words else { return };
        self.words += words.len();
        let length: usize = words.iter().filter_map(Json::as_str).map(|word| word.chars().count()).sum();
        if words.len() > MANY_WORDS && length > CHARACTERS {
            let message = format!("this enum has {} words of {length} characters", words.len());
            let rule = format!("an enum of more than {MANY_WORDS} words has at most {CHARACTERS} characters");
            self.problem(path, &message, &rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, problems};
    use serde_json::json;

    fn rules(schema: &Json) -> Vec<(String, String)> {
        problems(schema).into_iter().map(|one| (one.path.join("."), one.message)).collect()
    }

    fn one(path: &str, message: &str) -> Vec<(String, String)> {
        vec![(path.to_owned(), message.to_owned())]
    }

    #[test]
    fn what_all_clients_take_passes() {
        let list =
            json!({ "type": "array", "items": { "type": "object", "properties": { "b": { "type": "string" } } } });
        let map = json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } });
        let schema = json!({ "type": "object", "properties": { "a": list, "m": map }, "required": ["a"] });
        assert_eq!(rules(&schema), []);
    }

    #[test]
    fn what_some_refuse_is_told_with_its_path() {
        let within = |inner: Json| json!({ "type": "object", "properties": { "a": inner } });
        assert_eq!(rules(&json!({ "type": "string" })), one("", "the schema is not of an object"));
        for key in ["$ref", "oneOf", "anyOf", "allOf", "patternProperties", "if", "const", "not"] {
            assert_eq!(rules(&within(json!({ "type": "string", key: [] }))), one("a", &format!("this has `{key}`")));
        }
        let types = json!({ "type": ["string", "null"] });
        assert_eq!(rules(&within(types)), one("a", "this has a list of types, or an unknown one"));
        assert_eq!(rules(&within(json!({}))), one("a", "this value can be of any type"));
        let name = "n".repeat(65);
        let long = within(json!({ "type": "object", "properties": { &name: { "type": "string" } } }));
        assert_eq!(rules(&long), one(&format!("a.{name}"), &format!("`{name}` cannot be the name of a property")));
        let deep = (0..10).fold(json!({ "type": "object" }), |inner, _| within(inner));
        assert_eq!(rules(&deep), one(&["a"; 10].join("."), "this object lies too deep"));
        let words: Vec<String> = (0..300).map(|at| format!("{at:060}")).collect();
        let words = rules(&within(json!({ "type": "string", "enum": words })));
        assert_eq!(words, one("a", "this enum has 300 words of 18000 characters"));
        let many: serde_json::Map<String, Json> =
            (0..5_001).map(|at| (format!("p{at}"), json!({ "type": "boolean" }))).collect();
        let many = json!({ "type": "object", "properties": many });
        assert_eq!(rules(&many), one("", "the schema has 5001 properties"));
        let words: Vec<String> = (0..1_001).map(|at| at.to_string()).collect();
        let words = rules(&within(json!({ "type": "string", "enum": words })));
        assert_eq!(words, one("", "the enums of the schema have 1001 words"));
    }
}
