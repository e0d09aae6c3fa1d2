//! Patterns of parameters: the server matches them, and so do clients, each with an engine of its own.
//!
//! The server's engine is `regex`, which takes time in proportion to the text, whatever the pattern. A pattern is
//! published in the input schema too, where JSON Schema means ECMA-262 (Draft 2020-12, section 6.4, "Regular
//! Expressions"); clients use the engine of their language, most of which go back and try again, and Ajv reads every
//! pattern with the flag `u`. So only what means the same everywhere is taken in, and nothing that can make such an
//! engine take exponential time.

mod ambiguity;

use regex_syntax::ast::{self, Ast};

use crate::diagnostic::{Code, Sink};
use crate::load::Text;
use crate::source::Span;

/// Checks a pattern; says what is wrong, and whether nothing is.
pub(super) fn check(pattern: &Text, sink: &mut Sink) -> bool {
    let text = pattern.value.as_str();
    if let Err(error) = regex::Regex::new(text) {
        let said = error.to_string();
        let reason = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        sink.error(Code::Pattern, pattern.span, format!("this is not a regular expression: {reason}"));
        return false;
    }
    let Ok(tree) = ast::parse::Parser::new().parse(text) else { return false };
    let mark = sink.mark();
    if !is_anchored(&tree) {
        let inner = text.strip_prefix('^').unwrap_or(text);
        let inner = if is_end(&tree) { inner.strip_suffix('$').unwrap_or(inner) } else { inner };
        let inner = if matches!(tree, Ast::Alternation(_)) { format!("({inner})") } else { inner.to_owned() };
        sink.error(Code::Pattern, pattern.span, "the pattern is not anchored")
            .help(format!("write `^{inner}$`, so that the whole text must match"));
    }
    let mut found = Vec::new();
    portable(&tree, text, &mut found);
    for one in found {
        let span = pattern.place(one.at.start.offset, one.at.end.offset);
        sink.error(Code::PatternPortability, span, one.message).help(one.help);
    }
    if sink.mark() == mark
        && let Some(repeated) = ambiguity::find(&tree, text)
    {
        let span: Span = pattern.place(repeated.start.offset, repeated.end.offset);
        sink.error(Code::PatternPortability, span, "clients may never come to an end of this repetition")
            .label("matches the same text in several ways")
            .note("an engine that goes back tries them all: the time doubles with each character")
            .help("let each round begin with a character that no round can go on with, as in `a+(-a+)*`");
    }
    sink.mark() == mark
}

/// Whether the whole text must match: `^a$`, but neither `^a|b$` nor `^a\$`.
fn is_anchored(tree: &Ast) -> bool {
    let starts = matches!(tree, Ast::Concat(concat)
        if matches!(concat.asts.first(), Some(Ast::Assertion(one)) if one.kind == ast::AssertionKind::StartLine));
    starts && is_end(tree)
}

fn is_end(tree: &Ast) -> bool {
    matches!(tree, Ast::Concat(concat)
        if matches!(concat.asts.last(), Some(Ast::Assertion(one)) if one.kind == ast::AssertionKind::EndLine))
}

/// A construct that is not the same everywhere.
struct Odd {
    at: ast::Span,
    message: String,
    help: String,
}

/// Characters that ECMA-262 takes behind a backslash (`SyntaxCharacter` and `/`).
const ESCAPED: &str = "^$\\.*+?()[]{}|/";

fn portable(tree: &Ast, text: &str, found: &mut Vec<Odd>) {
    let mut odd = |at: &ast::Span, message: &str, help: &str| {
        found.push(Odd { at: *at, message: message.to_owned(), help: help.to_owned() });
    };
    match tree {
        Ast::Empty(_) | Ast::Dot(_) => {}
        Ast::Flags(flags) => odd(&flags.span, "ECMA-262 knows no flags inside a pattern", FLAGS),
        Ast::Group(group) => {
            match &group.kind {
                ast::GroupKind::CaptureIndex(_) => {}
                ast::GroupKind::CaptureName { starts_with_p, .. } => {
                    if *starts_with_p {
                        odd(&group.span, "ECMA-262 does not know `(?P<…>)`", "write `(…)`: nothing asks for the name");
                    }
                }
                ast::GroupKind::NonCapturing(flags) => {
                    if !flags.items.is_empty() {
                        odd(&flags.span, "ECMA-262 knows no flags inside a pattern", FLAGS);
                    }
                }
            }
            portable(&group.ast, text, found);
        }
        Ast::Assertion(one) => {
            let help = match one.kind {
                ast::AssertionKind::StartLine | ast::AssertionKind::EndLine => return,
                ast::AssertionKind::StartText => "write `^`",
                ast::AssertionKind::EndText => "write `$`",
                _ => "say which characters may stand on either side",
            };
            odd(&one.span, &not_the_same(text, one.span), help);
        }
        Ast::ClassPerl(class) => odd(&class.span, &not_the_same(text, class.span), perl(class)),
        Ast::ClassUnicode(class) => odd(&class.span, &not_the_same(text, class.span), LISTED),
        Ast::ClassBracketed(class) => class_set(&class.kind, text, found),
        Ast::Literal(literal) => character(literal, false, text, found),
        Ast::Repetition(repetition) => {
            let sign = text.get(repetition.op.span.start.offset..repetition.op.span.end.offset).unwrap_or_default();
            if sign.starts_with("{,") || sign.contains(' ') {
                odd(&repetition.op.span, "ECMA-262 reads this as plain text", "write `{0,…}`, without spaces");
            }
            portable(&repetition.ast, text, found);
        }
        Ast::Alternation(one) => one.asts.iter().for_each(|part| portable(part, text, found)),
        Ast::Concat(one) => one.asts.iter().for_each(|part| portable(part, text, found)),
    }
}

const FLAGS: &str = "write both cases out, as in `[Aa]`";
const LISTED: &str = "list the characters, as in `[A-Za-z]`";

fn not_the_same(text: &str, at: ast::Span) -> String {
    let sign = text.get(at.start.offset..at.end.offset).unwrap_or_default();
    format!("`{sign}` does not mean the same to ECMA-262 as to the server")
}

fn perl(class: &ast::ClassPerl) -> &'static str {
    match (&class.kind, class.negated) {
        (ast::ClassPerlKind::Digit, false) => "the server takes digits of every script: write `[0-9]`",
        (ast::ClassPerlKind::Digit, true) => "the server knows digits of every script: write `[^0-9]`",
        (ast::ClassPerlKind::Word, false) => "the server takes letters of every script: write `[A-Za-z0-9_]`",
        (ast::ClassPerlKind::Word, true) => "the server knows letters of every script: write `[^A-Za-z0-9_]`",
        (ast::ClassPerlKind::Space, _) => "say which spaces are meant, as in `[ \\t]`",
    }
}

/// A character as such, inside a class or outside.
fn character(literal: &ast::Literal, in_class: bool, text: &str, found: &mut Vec<Odd>) {
    let odd = match &literal.kind {
        ast::LiteralKind::Verbatim => !in_class && matches!(literal.c, ']' | '}' | '{'),
        ast::LiteralKind::Meta | ast::LiteralKind::Superfluous => {
            !(ESCAPED.contains(literal.c) || in_class && literal.c == '-')
        }
        ast::LiteralKind::HexFixed(kind) => *kind == ast::HexLiteralKind::UnicodeLong,
        ast::LiteralKind::HexBrace(_) | ast::LiteralKind::Octal => true,
        ast::LiteralKind::Special(kind) => {
            matches!(kind, ast::SpecialLiteralKind::Bell | ast::SpecialLiteralKind::Space)
        }
    };
    if odd {
        let sign = text.get(literal.span.start.offset..literal.span.end.offset).unwrap_or_default();
        let help = if sign.starts_with('\\') && ESCAPED.contains(literal.c) {
            "write the character behind a backslash"
        } else if sign.starts_with('\\') {
            "write the character itself, or `\\u` with four digits"
        } else {
            "put a backslash before it"
        };
        let message = format!("`{sign}` is not valid in ECMA-262");
        found.push(Odd { at: literal.span, message, help: help.to_owned() });
    }
}

fn class_set(set: &ast::ClassSet, text: &str, found: &mut Vec<Odd>) {
    match set {
        ast::ClassSet::BinaryOp(operation) => found.push(Odd {
            at: operation.span,
            message: "ECMA-262 knows no operations on classes".to_owned(),
            help: LISTED.to_owned(),
        }),
        ast::ClassSet::Item(item) => class_item(item, text, found),
    }
}

fn class_item(item: &ast::ClassSetItem, text: &str, found: &mut Vec<Odd>) {
    let mut odd = |at: ast::Span, message: String, help: &str| {
        found.push(Odd { at, message, help: help.to_owned() });
    };
    match item {
        ast::ClassSetItem::Empty(_) => {}
        ast::ClassSetItem::Literal(literal) => character(literal, true, text, found),
        ast::ClassSetItem::Range(range) => {
            character(&range.start, true, text, found);
            character(&range.end, true, text, found);
        }
        ast::ClassSetItem::Ascii(class) => odd(class.span, not_the_same(text, class.span), LISTED),
        ast::ClassSetItem::Unicode(class) => odd(class.span, not_the_same(text, class.span), LISTED),
        ast::ClassSetItem::Perl(class) => odd(class.span, not_the_same(text, class.span), perl(class)),
        ast::ClassSetItem::Bracketed(class) => {
            odd(class.span, "ECMA-262 knows no class inside a class".to_owned(), "put a backslash before the `[`");
        }
        ast::ClassSetItem::Union(union) => union.items.iter().for_each(|item| class_item(item, text, found)),
    }
}
