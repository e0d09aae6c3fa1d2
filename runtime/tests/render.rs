//! Templates: our own printing, absent values, and untrusted text.
// Tests may unwrap, and `json!` makes values that are handed on.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

use cnpg_mcp_runtime::render::markdown::{inline, sentence, tidy};
use cnpg_mcp_runtime::render::{Scene, Templates};
use cnpg_mcp_runtime::time::Time;
use cnpg_mcp_runtime::tool::Outcome;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Renders a template that lives as long as the test program.
fn render(source: &str, output: &Value) -> Result<String, String> {
    let source: &'static str = Box::leak(source.to_owned().into_boxed_str());
    let sources: &'static [(&str, &str)] =
        Box::leak(vec![("test.md", source), ("part.md", "[{{ r.name }}]")].into_boxed_slice());
    let params: Map<String, Value> = json!({ "namespace": "data", "wait": true }).as_object().unwrap().clone();
    let scene = Scene {
        params: &params,
        output,
        warnings: &[String::from("Owner `app` is unknown."), String::from("odd ` tick <b>")],
        outcome: Outcome::Done,
        now: Time::parse("2026-11-23T10:00:00Z").unwrap(),
        current_namespace: "here",
        image_registry: "ghcr.io/x",
    };
    Templates::new(sources).and_then(|templates| templates.render("test.md", &scene)).map_err(|error| error.to_string())
}

fn ok(source: &str, output: Value) -> String {
    render(source, &output).unwrap()
}

#[test]
fn printing() {
    assert_eq!(
        ok(
            "{{ output.a }} {{ output.b }} {{ output.n }} {{ wait }} {{ outcome }}",
            json!({ "a": true, "b": false, "n": 42 })
        ),
        "yes no 42 yes done"
    );
}

#[test]
fn absent_is_an_error_unless_asked_for() {
    assert!(render("{{ output.missing }}", &json!({})).is_err_and(|error| error.contains("absent")));
    assert!(render("{{ output.null }}", &json!({ "null": null })).is_err());
    assert_eq!(ok("{{ output.a.b.c | default('–') }}", json!({})), "–");
    assert_eq!(ok("{{ output.a | default('x') }}", json!({ "a": null })), "x");
    assert_eq!(ok("{{ output.a | default(true) }}", json!({ "a": false })), "no");
    assert_eq!(ok("{% if output.a is set %}set{% else %}not{% endif %}", json!({ "a": null })), "not");
    assert_eq!(ok("{% for x in output.list %}{{ x }}{% else %}none{% endfor %}", json!({})), "none");
    assert_eq!(ok("{% if output.x != 'absent' %}differs{% endif %}", json!({})), "differs");
}

#[test]
fn emptiness() {
    for (value, empty) in [
        (json!([]), "yes"),
        (json!({}), "yes"),
        (json!(""), "yes"),
        (json!({ "a": null }), "yes"),
        (json!(["x"]), "no"),
        (json!("x"), "no"),
        (json!({ "a": 0 }), "no"),
    ] {
        assert_eq!(ok("{{ output.v is empty }}", json!({ "v": value })), empty, "{value}");
    }
    assert_eq!(ok("{{ output.v is empty }}", json!({})), "yes");
}

#[test]
fn vocabulary() {
    let output = json!({ "m": { "b": 2, "a": 1 }, "l": ["x", "y"], "t": "2026-11-20T06:00:00Z", "s": "My_Text", "y": "k: `v`\n" });
    let cases = [
        ("{% for e in output.m | entries %}{{ e.key }}={{ e.value }};{% endfor %}", "a=1;b=2;"),
        ("{{ output.m | keys | join(',') }} {{ output.m | values | join(',') }}", "a,b 1,2"),
        ("{{ output.l | length }} {{ output.s | length }} {{ output.l | first }} {{ output.l | last }}", "2 7 x y"),
        ("{{ output.s | lower }} {{ output.s | upper }} {{ output.s | replace('_', '-') }}", "my_text MY_TEXT My-Text"),
        ("{{ output.t | age }} {{ output.none | age | default('unknown') }}", "3d4h unknown"),
        ("{{ output.s is startingwith('My') }} {{ output.s is matching('^[a-z]+$') }}", "yes no"),
        ("{{ current_namespace() }} {{ image_registry() }} {{ namespace }}", "here ghcr.io/x data"),
        ("{% set r = {'name': 'n'} %}{% include \"part.md\" %}", "[n]"),
        ("{{ '7' | int | default(0) }} {{ 'x' | int | default(0) }}", "7 0"),
        ("{{ output.y | fence('yaml') }}", "```yaml\nk: `v`\n```"),
        ("{{ 'x' if 'y' in output.l else 'z' }} {{ output.l[1] ~ '!' }}", "x y!"),
    ];
    for (source, expected) in cases {
        assert_eq!(ok(source, output.clone()), expected, "{source}");
    }
    assert!(
        render("{{ output.s | upper | nothing }}", &output).is_err(),
        "what is not in the vocabulary does not exist"
    );
}

#[test]
fn untrusted_text_stays_where_it_is() {
    let evil = "a`b|c\n# head\r\n<script>alert(1)</script> ![x](http://e/p) [l](u) \u{202e}\u{1b}[31m";
    let text = ok("| `{{ output.v }}` |", json!({ "v": evil }));
    assert_eq!(text.lines().count(), 1);
    assert_eq!(text.matches('`').count(), 2);
    assert_eq!(text.matches('|').count(), 2);
    assert!(
        !text.contains("<s") && !text.contains("</s") && !text.contains("](") && !text.contains(['\u{202e}', '\u{1b}']),
        "{text}"
    );
    let fenced = ok("{{ output.v | fence('text') }}", json!({ "v": "```\nout\n````\n" }));
    assert!(fenced.starts_with("`````text\n") && fenced.ends_with("\n`````"));
}

#[test]
fn ordinary_names_are_unchanged() {
    for name in [
        "app_user",
        "main-db-1",
        "ghcr.io/cloudnative-pg/postgresql:16.4",
        "10Gi",
        "0 0 * * *",
        "a < b",
        "x[0]",
        "(none)",
        "Ärger",
        "100%",
        "Cluster in healthy state",
    ] {
        assert_eq!(inline(name), name);
        assert_eq!(sentence(name), name);
    }
}

#[test]
fn warnings_keep_their_code_spans() {
    assert_eq!(
        ok("{% for w in warnings %}- {{ w }}\n{% endfor %}", json!({})),
        "- Owner `app` is unknown.\n- odd ' tick ‹b›"
    );
}

#[test]
fn tidying() {
    assert_eq!(tidy("\n\na  \n\n\n\nb\n```\n\n\nx  \n```\n\n\n"), "a\n\nb\n```\n\n\nx  \n```");
}

proptest! {
    #[test]
    fn no_text_breaks_out(text in "\\PC{0,60}|[`|<\\n\\]\\[(!a/]{0,60}") {
        let safe = inline(&text);
        let dangerous = ["`", "|", "\n", "](", "][", "<a", "</", "<!"];
        prop_assert!(dangerous.iter().all(|what| !safe.contains(what)), "{safe}");
        prop_assert_eq!(inline(&safe), safe.clone());
    }
}
