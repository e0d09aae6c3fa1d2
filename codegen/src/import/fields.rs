//! Fields on their way from a schema to a description.

use serde_json::Value;

use super::select::{Selection, Taken};

/// An object with more fields than this is taken whole unless it was chosen: the description is there to be read.
const MANY: usize = 24;

/// A field.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a word of the description")]
pub struct Field {
    pub name: String,
    pub path: Vec<String>,
    pub about: Option<String>,
    pub required: bool,
    pub immutable: bool,
    pub server_set: bool,
    pub secret: bool,
    pub default: Option<Value>,
    pub shape: Shape,
    /// What of the schema a description cannot say.
    pub notes: Vec<String>,
}

/// What a field holds.
#[derive(Debug)]
pub enum Shape {
    Scalar(&'static str),
    Int { min: Option<i64>, max: Option<i64> },
    Text { pattern: Option<String>, max_length: Option<u64> },
    Enum(Vec<String>),
    Object(Vec<Field>),
    List { items: Box<Shape>, key: Option<String> },
    Map(Box<Shape>),
    Opaque,
}

/// All fields, and the names that could not be taken in.
#[derive(Debug, Default)]
pub struct Fields {
    pub all: Vec<Field>,
    /// Paths of fields that no description can name, and why.
    pub unnameable: Vec<String>,
    /// Paths of objects that are taken whole.
    pub whole: Vec<String>,
}

impl Fields {
    /// Takes large objects whole, and collects what is whole.
    pub fn shorten(&mut self, selection: &Selection) {
        for field in &mut self.all {
            shorten(field, selection);
        }
        let mut whole = Vec::new();
        for field in &self.all {
            whole_ones(field, &mut whole);
        }
        self.whole = whole;
    }

    /// How many fields there are.
    pub fn count(&self) -> usize {
        self.all.iter().map(|field| 1 + inside(&field.shape)).sum()
    }

    /// Paths of secrets.
    pub fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        for field in &self.all {
            secrets(field, &mut found);
        }
        found
    }
}

fn shorten(field: &mut Field, selection: &Selection) {
    let spared = field.path.len() == 1 || matches!(selection.of(&field.path), Taken::Chosen(_) | Taken::OnTheWay);
    if !spared && inside(&field.shape) > MANY {
        make_whole(field);
        return;
    }
    if let Some(fields) = fields_of(&mut field.shape) {
        for field in fields {
            shorten(field, selection);
        }
    }
}

/// A list stays a list, of which each element is whole.
fn make_whole(field: &mut Field) {
    fn of(shape: &mut Shape) {
        match shape {
            Shape::List { items, key } => {
                *key = None;
                of(items);
            }
            Shape::Map(values) => of(values),
            other => *other = Shape::Opaque,
        }
    }
    of(&mut field.shape);
}

fn fields_of(shape: &mut Shape) -> Option<&mut Vec<Field>> {
    match shape {
        Shape::Object(fields) => Some(fields),
        Shape::List { items: inner, .. } | Shape::Map(inner) => fields_of(inner),
        _ => None,
    }
}

/// How many fields are inside.
fn inside(shape: &Shape) -> usize {
    match shape {
        Shape::Object(fields) => fields.iter().map(|field| 1 + inside(&field.shape)).sum(),
        Shape::List { items: inner, .. } | Shape::Map(inner) => inside(inner),
        _ => 0,
    }
}

fn innermost(shape: &Shape) -> &Shape {
    match shape {
        Shape::List { items: inner, .. } | Shape::Map(inner) => innermost(inner),
        other => other,
    }
}

fn whole_ones(field: &Field, found: &mut Vec<String>) {
    match innermost(&field.shape) {
        // What is no object has a note of its own.
        Shape::Opaque if field.notes.is_empty() => found.push(field.path.join(".")),
        Shape::Object(fields) => fields.iter().for_each(|field| whole_ones(field, found)),
        _ => {}
    }
}

fn secrets(field: &Field, found: &mut Vec<String>) {
    if field.secret {
        found.push(field.path.join("."));
    }
    if let Shape::Object(fields) = innermost(&field.shape) {
        for field in fields {
            secrets(field, found);
        }
    }
}
