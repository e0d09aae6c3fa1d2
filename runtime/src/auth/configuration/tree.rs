//! The file as a tree in which every key and value knows its line and column.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

/// A value with its place.
#[derive(Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    pub at: Location,
}

/// The forms of a value.
#[derive(Debug)]
pub(super) enum NodeKind {
    Null,
    Bool(bool),
    Int(u64),
    /// Text, or a number that is none of the above, as it is written.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Node {
    /// What it is, as a person says it.
    pub fn describe(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "true or false",
            NodeKind::Int(_) => "a number",
            NodeKind::Text(_) => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }

    /// A scalar as text: a client's name may look like a number.
    pub fn scalar(&self) -> Option<String> {
        match &self.kind {
            NodeKind::Text(text) => Some(text.clone()),
            NodeKind::Int(number) => Some(number.to_string()),
            NodeKind::Bool(value) => Some(value.to_string()),
            NodeKind::Null | NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }
}

/// Reads a whole file.
pub(super) fn parse(text: &str) -> Result<Node, (Option<Location>, String)> {
    let options = serde_yaml::options! {
        duplicate_keys: serde_yaml::DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_depth: 8 },
    };
    serde_yaml::from_str_with_options::<Node>(text, options).map_err(|error| {
        let said = error.to_string();
        (error.location(), said.split(" at line ").next().unwrap_or(&said).to_owned())
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<NodeKind>::deserialize(deserializer)?;
        Ok(Self { at: spanned.referenced, kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for NodeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = NodeKind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<NodeKind, E> {
        Ok(NodeKind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<NodeKind, E> {
        Ok(u64::try_from(value).map_or_else(|_| NodeKind::Text(value.to_string()), NodeKind::Int))
    }

    fn visit_u64<E>(self, value: u64) -> Result<NodeKind, E> {
        Ok(NodeKind::Int(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<NodeKind, E> {
        Ok(NodeKind::Text(value))
    }

    fn visit_unit<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }

    fn visit_none<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeKind, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<NodeKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Node>()? {
            items.push(item);
        }
        Ok(NodeKind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            if key.value == "<<" {
                return Err(de::Error::custom("a merge key (`<<`) is not taken here"));
            }
            entries.push((key, map.next_value::<Node>()?));
        }
        Ok(NodeKind::Map(entries))
    }
}
