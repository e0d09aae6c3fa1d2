//! One file of YAML: first the parser's events, for what specs do without; then the tree.

use serde_yaml::granit_parser::{self, Event, Parser, Span as Seen};

use super::node::{Node, NodeKind};
use crate::diagnostic::{Code, Sink};
use crate::source::{FileId, SourceMap, Span};

/// Deeper mappings are refused: trees are built and walked by recursion, and the stack of a thread is small.
const MAX_DEPTH: usize = 32;

/// Parses a file of the map as YAML.
pub fn parse_yaml(file: FileId, sources: &SourceMap, sink: &mut Sink) -> Option<Node> {
    let whole = sources.text(file);
    let text = match survey(file, whole, sink) {
        Survey::Readable { end } => whole.get(..end).unwrap_or(whole),
        Survey::Refused => return None,
    };
    let options = serde_yaml::options! {
        duplicate_keys: serde_yaml::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_depth: MAX_DEPTH },
    };
    match serde_yaml::from_str_with_options::<Node>(text, options) {
        Ok(mut node) => {
            node.place_in(file);
            merge_keys(&mut node, sink);
            Some(node)
        }
        Err(error) => {
            let location = error.location();
            let start = location.map_or(0, |at| sources.byte(file, at.line(), at.column()));
            let said = error.to_string();
            let message = said.split(" at line ").next().unwrap_or(&said);
            unparsable(file, text, start, message, sink);
            None
        }
    }
}

/// What the events of a file say.
enum Survey {
    /// It can be read up to that byte, where another document begins or the file ends.
    Readable { end: usize },
    /// It cannot be read, and that was said.
    Refused,
}

/// Looks through the events for several documents, anchors, aliases, tags and nesting that is too deep. A slip in
/// the syntax ends it without a word: the tree's parser finds the same one.
fn survey(file: FileId, text: &str, sink: &mut Sink) -> Survey {
    let place = |seen: Seen| {
        let start = clip(seen.start.byte_offset().unwrap_or_default());
        Span { file, start, end: seen.end.byte_offset().map_or(start, clip).max(start) }
    };
    let options = granit_parser::options! { emit_anchor_events: true, emit_unresolved_aliases: true };
    let (mut depth, mut documents, mut aliased, mut ended) = (0_usize, 0_usize, false, true);
    for event in Parser::new_from_str_with_options(text, options) {
        let Ok((event, seen)) = event else {
            ended = false;
            break;
        };
        if event.tag().is_some() {
            yaml_feature(tag_place(file, text, seen), "a tag (`!`)", sink);
        }
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents == 2 {
                    let start = seen.start.byte_offset().unwrap_or(text.len());
                    let span = Span { file, start: clip(start), end: clip(start + 3) };
                    sink.error(Code::DocumentCount, span, "a second document begins here")
                        .help("a spec file holds one document: make a file of each");
                    return if aliased { Survey::Refused } else { Survey::Readable { end: start } };
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                yaml_feature(place(seen), "an alias (`*`)", sink);
                aliased = true;
            }
            Event::Anchor(..) => yaml_feature(place(seen), "an anchor (`&`)", sink),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let message = format!("lists and mappings are nested more than {MAX_DEPTH} deep");
                    sink.error(Code::UnreadableFile, place(seen), message)
                        .help("no spec needs that: look for a bracket that is not closed");
                    return Survey::Refused;
                }
            }
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if documents == 0 && ended {
        sink.error(Code::DocumentCount, Span { file, ..Span::default() }, "the file holds no document")
            .help("write the spec, or take the file away");
        return Survey::Refused;
    }
    // What an alias stands for may be large beyond measure; nothing of the file is read then.
    if aliased { Survey::Refused } else { Survey::Readable { end: text.len() } }
}

/// The word of a tag, which stands before its value.
fn tag_place(file: FileId, text: &str, seen: Seen) -> Span {
    let start = seen.tag_start.unwrap_or(seen.start).byte_offset().unwrap_or_default();
    let word = text.get(start..).map_or(0, |rest| rest.find([' ', '\n', '\r', ',']).unwrap_or(rest.len()));
    Span { file, start: clip(start), end: clip(start + word) }
}

fn yaml_feature(span: Span, what: &str, sink: &mut Sink) {
    let help = if what.starts_with("a tag") {
        "types follow from the key; quotes make text of a number"
    } else {
        "what several tools need is shared by name: parameters in `params.yaml`, steps in `steps.yaml`, texts in `partials/`"
    };
    let problem = sink.error(Code::YamlFeature, span, format!("{what} is not part of the spec language"));
    if what.starts_with("an a") {
        problem.note("a text that begins so wants quotes");
    }
    problem.help(help);
}

/// A merge key would be a field of that name. It is refused, and does what it would do in YAML, so that nothing is
/// said to be missing besides.
fn merge_keys(node: &mut Node, sink: &mut Sink) {
    match &mut node.kind {
        NodeKind::Map(entries) => {
            let mut merged = Vec::new();
            entries.retain_mut(|entry| {
                merge_keys(&mut entry.value, sink);
                if entry.key.text != "<<" {
                    return true;
                }
                yaml_feature(entry.key.span, "a merge key (`<<`)", sink);
                if let NodeKind::Map(inner) = &mut entry.value.kind {
                    merged.append(inner);
                }
                false
            });
            merged.retain(|entry| entries.iter().all(|own| own.key.text != entry.key.text));
            entries.append(&mut merged);
        }
        NodeKind::List(items) => items.iter_mut().for_each(|item| merge_keys(item, sink)),
        _ => {}
    }
}

/// Says what the parser says, or better where the cause is a common one.
fn unparsable(file: FileId, text: &str, start: u32, message: &str, sink: &mut Sink) {
    let here = (start as usize).min(text.len());
    if let Some(tab) = tab_near(text, here) {
        let span = Span { file, start: clip(tab), end: clip(tab + 1) };
        sink.error(Code::Yaml, span, "a tab stands where YAML wants spaces")
            .help("indent by spaces; most editors can be told to do so");
        return;
    }
    let from = text[..here].rfind('\n').map_or(0, |at| at + 1);
    let line = text[from..].lines().next().unwrap_or_default();
    let is_expression = line.contains(": {{") || line.contains("- {{");
    let span = Span { file, start, end: start.saturating_add(1) };
    let said_of_quotes = message.starts_with("invalid trailing content after double-quoted");
    let said_of_colon = message.starts_with("simple key expected");
    let said_of_indentation = message.starts_with("mapping values are not allowed");
    let message = match message {
        "expected string scalar" if is_expression => "an expression without quotes is read as a mapping".to_owned(),
        "expected string scalar" => "a key must be text, not a list or a mapping".to_owned(),
        other if other.starts_with("cannot deserialize null") => "a key is missing before the `:`".to_owned(),
        other if other.starts_with("non-finite float") => "a number must be finite".to_owned(),
        other => format!("this is not valid YAML: {other}"),
    };
    let problem = sink.error(Code::Yaml, span, message);
    if is_expression {
        problem.help("put quotes around the expression: \"{{ … }}\"");
    } else if said_of_quotes && line.contains("{{") {
        problem
            .help("within double quotes an expression writes its texts in single ones: \"{{ x | default('none') }}\"");
    } else if said_of_colon {
        problem.help("a key ends with a colon and a space: `key: value`");
    } else if line.contains(": {%") {
        problem.help("begin the template by `|`, and write it on the lines below");
    } else if line.matches(": ").count() > 1 {
        problem.help("put quotes around a text that has a `:` in it");
    } else if said_of_indentation {
        problem.help("look at the indentation: keys of one mapping begin in one column");
    } else if text[here..].starts_with(['@', '`', '%']) {
        problem.help("put quotes around a text that begins with `@`, `%` or a backtick");
    }
}

/// A tab in the indentation of the line of a byte, or of the next one.
fn tab_near(text: &str, at: usize) -> Option<usize> {
    let mut from = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    for line in text.get(from..)?.split_inclusive('\n').take(2) {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..indentation)?.find('\t') {
            return Some(from + tab);
        }
        from += line.len();
    }
    None
}

fn clip(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
