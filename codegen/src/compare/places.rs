//! Where tools, parameters and output fields stand in their files.

use std::collections::BTreeMap;

use super::{At, Side};
use crate::diagnostic::Sink;
use crate::load::{Entry, Node, NodeKind, parse_yaml};
use crate::source::Span;

/// The files of one side as trees.
pub struct Places<'a> {
    side: &'a Side<'a>,
    tools: BTreeMap<&'a str, Node>,
    shared: Option<Node>,
}

impl<'a> Places<'a> {
    /// Reads the files once more: the program that is compared knows no places.
    pub fn new(side: &'a Side<'a>) -> Self {
        let read = |path: &str| {
            let file = side.sources.files().find(|file| side.sources.path(*file) == path)?;
            parse_yaml(file, side.sources, &mut Sink::default())
        };
        let tools =
            side.program.tools.iter().filter_map(|tool| Some((tool.name.as_str(), read(&tool.file)?))).collect();
        Self { side, tools, shared: read("params.yaml") }
    }

    /// File and line of a part of a tool; of what is around it where the part has no place of its own.
    pub fn find(&self, tool: &str, at: &At<'_>) -> (String, usize) {
        let Some(node) = self.tools.get(tool) else { return (self.side.called.to_owned(), 1) };
        let span = match at {
            At::Key(key) => entry(node, key).map(|entry| entry.key.span),
            At::Param(name) => self.param(tool, name).map(|entry| entry.key.span),
            At::Output(path) => Some(output(node, path)),
        };
        let span = span.unwrap_or(node.span);
        let (line, _) = self.side.sources.position(span.file, span.start);
        (format!("{}/{}", self.side.called, self.side.sources.path(span.file)), line)
    }

    /// The tool's entry for a parameter: its own, or that of the group it comes with.
    fn param(&self, tool: &str, name: &str) -> Option<&Entry> {
        let params = self.tools.get(tool)?.get("params")?;
        entry(params, name).or_else(|| {
            entries(params).iter().find(|entry| {
                let group = entry.value.get("spread").and_then(text);
                group
                    .and_then(|group| self.shared_param("groups", group))
                    .is_some_and(|group| group.get(name).is_some())
            })
        })
    }

    fn shared_param(&self, part: &str, name: &str) -> Option<&Node> {
        self.shared.as_ref()?.get(part)?.get(name)
    }

    /// The default of a parameter as it is written, there or where it is shared.
    pub fn default(&self, tool: &str, name: &str) -> Option<serde_json::Value> {
        let declared = &self.param(tool, name)?.value;
        if let Some(default) = declared.get("default") {
            return Some(default.to_json());
        }
        let shared = match (declared.get("use").and_then(text), declared.get("spread").and_then(text)) {
            (Some(shared), _) => self.shared_param("params", shared),
            (None, Some(group)) => self.shared_param("groups", group).and_then(|group| group.get(name)),
            (None, None) => None,
        };
        shared.and_then(|shared| shared.get("default")).map(Node::to_json)
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Text(text) => Some(text),
        _ => None,
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.kind {
        NodeKind::Map(entries) => entries,
        _ => &[],
    }
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    entries(node).iter().find(|entry| entry.key.text == key)
}

/// The key of an output field, or of the innermost field around it that the spec writes out.
fn output(tool: &Node, path: &[String]) -> Span {
    let Some(output) = entry(tool, "output") else { return tool.span };
    let (mut span, mut node) = (output.key.span, &output.value);
    for name in path {
        let Some(found) = inside(node, name) else { break };
        (span, node) = (found.key.span, &found.value);
    }
    span
}

/// The entry of a field in a value: in the mapping, or behind what makes a mapping of it.
fn inside<'n>(node: &'n Node, name: &str) -> Option<&'n Entry> {
    entry(node, name).or_else(|| {
        ["as", "then", "value"].into_iter().find_map(|key| node.get(key).and_then(|node| inside(node, name)))
    })
}
