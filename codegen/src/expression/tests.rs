//! Types of expressions, in a small world.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Context, Facts, Scope, Typer, describe, parse_parts, tree::Part};
use crate::diagnostic::{Severity, Sink};
use crate::kinds::Kinds;
use crate::load::Text;
use crate::lowered::{Expr, ExprKind, LocalKind};
use crate::source::Span;
use crate::types::{Field, Type, Types};

fn text(value: &str) -> Text {
    let end = u32::try_from(value.len()).unwrap();
    Text::of_file(value, Span { end, ..Span::default() })
}

/// The typed expression, or what is said of it.
fn typed(context: Context, source: &str) -> (Result<Expr, String>, Types, usize) {
    let (kinds, mut types, mut sink) = (Kinds::default(), Types::default(), Sink::default());
    let list = |inner| Type::List(Box::new(inner));
    let field = |name: &str, ty| Field { name: name.to_owned(), ty, about: None };
    let part = types.mapping("Part", vec![field("name", Type::String), field("size", Type::Int.optional())]);
    let other = types.mapping("Other", vec![field("name", Type::String), field("note", Type::String)]);
    let names = [
        ("n", Type::Int),
        ("m", Type::Int.optional()),
        ("f", Type::Float),
        ("s", Type::String),
        ("o", Type::String.optional()),
        ("b", Type::Bool),
        ("e", Type::Enum(vec!["a".to_owned(), "b".to_owned()])),
        ("t", Type::Time.optional()),
        ("q", Type::Quantity),
        ("x", Type::Secret),
        ("y", Type::Secret.optional()),
        ("l", list(Type::String)),
        ("i", list(Type::Int)),
        ("d", Type::Map(Box::new(Type::Int))),
        ("dl", Type::Map(Box::new(list(Type::String)))),
        ("p", Type::Object(part)),
        ("u", Type::Object(part).optional()),
        ("ps", list(Type::Object(part))),
        ("os", list(Type::Object(other))),
        ("w", Type::Opaque),
    ];
    let mut world = Typer {
        types: &mut types,
        kinds: &kinds,
        sink: &mut sink,
        locals: Vec::new(),
        scope: Scope::default(),
        context,
        facts: Facts::default(),
    };
    for (name, ty) in names {
        let local = world.local(name, ty.clone(), LocalKind::Value);
        world.scope.declare(name, local, Some(ty));
    }
    let parts = parse_parts(&text(&format!("{{{{ {source} }}}}")), world.sink).expect("the expression parses");
    let [Part::Expr(tree)] = parts.as_slice() else { panic!("one expression") };
    let expr = world.infer(tree, None);
    let found = sink.finish(&{
        let mut sources = crate::source::SourceMap::default();
        sources.add("test", source);
        sources
    });
    let warnings = found.iter().filter(|one| one.severity == Severity::Warning).count();
    let error = found.into_iter().find(|one| one.severity == Severity::Error).map(|one| one.code.name().to_owned());
    let result = match (expr, error) {
        (Some(expr), None) => Ok(expr),
        (None, Some(error)) => Err(error),
        (expr, error) => panic!("{source}: {} and {error:?}", if expr.is_some() { "typed" } else { "not typed" }),
    };
    (result, types, warnings)
}

fn kind(context: Context, source: &str) -> String {
    match typed(context, source) {
        (Ok(expr), types, _) => describe(&types, &expr.ty),
        (Err(error), ..) => error,
    }
}

#[test]
fn types_of_expressions() {
    let table = [
        ("n + 1", "int"),
        ("n / 2", "float"),
        ("n // 2", "int"),
        ("n * f", "float"),
        ("-n", "int"),
        ("n + m", "maybe-absent"),
        ("n + s", "type-mismatch"),
        ("s ~ n ~ q", "string"),
        ("s ~ o", "maybe-absent"),
        ("s ~ l", "not-printable"),
        ("s ~ x", "secret-leak"),
        ("m == n", "bool"),
        ("m < n", "maybe-absent"),
        ("n < f", "bool"),
        ("n == s", "type-mismatch"),
        ("e == 'a'", "bool"),
        ("'a' != e", "bool"),
        ("e == 'c'", "not-in-enum"),
        ("e in ['a', 'b']", "bool"),
        ("e in ['a', 'c']", "not-in-enum"),
        ("e == s", "bool"),
        ("l == l", "type-mismatch"),
        ("x == s", "secret-leak"),
        ("o in l", "bool"),
        ("s not in l", "bool"),
        ("n in l", "type-mismatch"),
        ("s in d", "bool"),
        ("s in n | string", "bool"),
        ("s in o", "maybe-absent"),
        ("1 < n <= 3", "bool"),
        ("not b", "bool"),
        ("not n", "not-bool"),
        ("b and o", "not-bool"),
        ("p.name", "string"),
        ("p.size", "int?"),
        ("u.name", "string?"),
        ("u.size", "int?"),
        ("p.nam", "unknown-field"),
        ("ps.name", "unknown-field"),
        ("w.name", "unknown-field"),
        ("d['a']", "int?"),
        ("dl['a']", "list<string>"),
        ("dl[n]", "type-mismatch"),
        ("l[0]", "type-mismatch"),
        ("m | default(0)", "int"),
        ("m | default(m)", "int?"),
        ("m | default('no')", "type-mismatch"),
        ("o | default(e)", "string"),
        ("y | default(s)", "type-mismatch"),
        ("n if b else m", "int?"),
        ("n if b else s", "type-mismatch"),
        ("n if n else 1", "not-bool"),
        ("'a' if b else 'b'", "string"),
        ("x if b else y", "secret?"),
        ("y is set", "bool"),
        ("x | upper", "secret-leak"),
        ("l | join(', ')", "string"),
        ("ps | join(', ')", "arguments"),
        ("l | first", "string?"),
        ("ps | first", "object{name, size}?"),
        ("d | keys", "list<string>"),
        ("d | values", "list<int>"),
        ("d | entries", "list<IntEntry>"),
        ("l | length", "int"),
        ("n | length", "arguments"),
        ("i | max", "int?"),
        ("s | int", "int?"),
        ("n | string", "string"),
        ("o | upper", "maybe-absent"),
        ("t | age", "string?"),
        ("l is empty", "bool"),
        ("p is empty", "arguments"),
        ("s is startingwith('a')", "bool"),
        ("s is matching('^a$')", "bool"),
        ("s is matching('(')", "pattern"),
        ("s is matching(s)", "arguments"),
        ("object_name(s, e)", "string"),
        ("object_name(s)", "arguments"),
        ("ours(p)", "arguments"),
        ("now()", "impure"),
        ("ps + ps", "list<object{name, size}>"),
        ("ps + os", "list<object{name, size, note}>"),
        ("ps + l", "type-mismatch"),
        ("[1, 2.5]", "list<float>"),
        ("[1, 'a']", "type-mismatch"),
        ("[m]", "maybe-absent"),
        ("s | nothing", "unknown-function"),
        ("z", "unknown-name"),
    ];
    for (source, wanted) in table {
        assert_eq!(kind(Context::Mapping, source), wanted, "{source}");
    }
}

#[test]
fn presence_narrows() {
    for source in [
        "m is set and m > n",
        "m is not set or m > n",
        "m > 1 if m is set else b",
        "b if m is not set else m > 1",
        "b if m is not set or m > 3 else m > 1",
        "b if b or m is not set or u is not set or u.size is not set else m > u.size",
        "b if m is not set else b",
        "u is set and u.size is set and u.size > 1",
        "b and m is set and m > 1",
        "(m is set and m > 1) and m < 3",
    ] {
        assert_eq!(kind(Context::Mapping, source), "bool", "{source}");
    }
    for source in [
        "m is set or m > n",
        "m > n and m is set",
        "m is not set and m > n",
        "not (m is set) and m > n",
        "m > 1 if m is not set or b else b",
        "b if m is not set and b else m > 1",
        "b if b or m > 3 else m > 1",
    ] {
        assert_eq!(kind(Context::Mapping, source), "maybe-absent", "{source}");
    }
}

#[test]
fn presence_becomes_a_name_of_its_own() {
    let (expr, ..) = typed(Context::Mapping, "m is set and m > n");
    assert!(matches!(expr.unwrap().kind, ExprKind::IfSet { .. }));
    // Where the value is not needed, the question is enough.
    let (expr, ..) = typed(Context::Mapping, "m is set and b");
    assert!(matches!(expr.unwrap().kind, ExprKind::Binary(..)));
}

#[test]
fn functions_keep_to_their_place() {
    assert_eq!(kind(Context::Let, "now()"), "time");
    assert_eq!(kind(Context::Let, "random_password(32)"), "secret");
    assert_eq!(kind(Context::Template, "random_password(32)"), "impure");
    assert_eq!(kind(Context::Template, "s | fence('sh')"), "string");
    assert_eq!(kind(Context::Mapping, "s | fence('sh')"), "arguments");
}

#[test]
fn templates_may_print_one_thing_for_another() {
    assert_eq!(kind(Context::Template, "m | default('none')"), "string");
    assert_eq!(kind(Context::Template, "n if b else 'none'"), "string");
    assert_eq!(kind(Context::Template, "m | default(l)"), "type-mismatch");
}

#[test]
fn needless_questions_are_warned_of() {
    for source in ["n | default(1)", "n is set", "l is set"] {
        let (expr, _, warnings) = typed(Context::Mapping, source);
        assert!(expr.is_ok() && warnings == 1, "{source}");
    }
}
