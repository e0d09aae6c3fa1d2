//! What small tools are lowered to: types at the end of the call, presence, paging, groups.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::render;
use cnpg_mcp_codegen::expression::describe;
use cnpg_mcp_codegen::lowered::{Body, BodyEntry, ExprKind, Let, LocalKind, ParamDefault, Program, Target, Tool, Verb};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).expect("a copy") }
    }
}

/// Lowers a tool with the given effect, parameters, steps and output over the base of the cases.
fn lower(effect: &str, params: &str, steps: &str, output: &str) -> Program {
    let specs = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics/base"), specs.path());
    let indent = |text: &str| text.lines().flat_map(|line| ["  ", line, "\n"]).collect::<String>();
    let text = format!(
        "tool: tried\ntoolset: clusters\ntitle: Tried\neffect: {effect}\nabout: Tried.\nparams:\n  name: {{ use: name }}\n  \
         namespace: {{ use: namespace }}\n{}steps:\n{}output:\n{}answer: Done with {{{{ name }}}}.\nexamples:\n  - call: {{ name: main }}\n",
        indent(params),
        indent(steps),
        indent(output)
    );
    fs::write(specs.path().join("tools/tried.yaml"), &text).expect("a file");
    let compilation = compile(specs.path()).expect("the specs can be read");
    let shown: Vec<String> =
        compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)).collect();
    compilation.program.unwrap_or_else(|| panic!("{}\n{text}", shown.join("\n")))
}

fn tried(program: &Program) -> &Tool {
    program.tools.iter().find(|tool| tool.name == "tried").expect("the tool")
}

fn output(program: &Program, name: &str) -> String {
    let field = tried(program).output.iter().find(|field| field.name == name).expect("the field");
    describe(&program.types, &field.value.ty)
}

#[test]
fn what_comes_after_a_stop_may_be_absent_at_the_end() {
    let program = lower(
        "read",
        "",
        "- use: find_cluster\n- let: before\n  be: \"{{ cluster.spec.instances }}\"\n- stop: { when: \"{{ before == 1 }}\", outcome: unchanged }\n\
         - let: after\n  be: \"{{ cluster.spec.instances }}\"\n- let: names\n  be: \"{{ cluster.status.names }}\"\n\
         - let: both\n  be: \"{{ after + before }}\"",
        "before: \"{{ before }}\"\nafter: \"{{ after }}\"\nnames: \"{{ names }}\"\nboth: \"{{ both | default(0) }}\"",
    );
    assert_eq!(output(&program, "before"), "int");
    assert_eq!(output(&program, "after"), "int?");
    assert_eq!(output(&program, "names"), "list<string>");
    assert_eq!(output(&program, "both"), "int");
}

#[test]
fn steps_with_conditions_give_optional_results() {
    let program = lower(
        "read",
        "",
        "- get: cluster\n  kind: Cluster\n  name: \"{{ name }}\"\n  missing: ok\n- list: others\n  kind: Cluster\n  when: \"{{ cluster is set }}\"\n\
         - let: count\n  when: \"{{ cluster is set }}\"\n  be: \"{{ cluster.spec.instances }}\"",
        "instances: \"{{ cluster.spec.instances }}\"\nothers: \"{{ others | length }}\"\ncount: \"{{ count }}\"",
    );
    assert_eq!(output(&program, "instances"), "int?");
    assert_eq!(output(&program, "others"), "int");
    assert_eq!(output(&program, "count"), "int?");
    // The condition says that the cluster is set, so its own step sees it without a question mark.
    let step = tried(&program).steps.last().expect("a step");
    let [(old, new)] = step.narrows.as_slice() else { panic!("one narrowed name") };
    assert!(tried(&program).local(*old).ty.is_optional() && !tried(&program).local(*new).ty.is_optional());
    let Verb::Let(Let::Be(expr)) = &step.verb else { panic!("a let") };
    assert_eq!(describe(&program.types, &expr.ty), "int");
}

#[test]
fn a_requirement_narrows_what_follows() {
    let program = lower(
        "destroy",
        "dry_run: { use: dry_run }",
        "- list: clusters\n  kind: Cluster\n  keep: \"{{ item.metadata.name == name }}\"\n\
         - let: cluster\n  each: \"{{ clusters }}\"\n  first: \"{{ item.spec.mode == 'fast' }}\"\n\
         - require:\n    that: \"{{ cluster is set and cluster.spec.instances > 1 }}\"\n    otherwise: There is none.\n- delete: cluster",
        "instances: \"{{ cluster.spec.instances }}\"",
    );
    assert_eq!(output(&program, "instances"), "int");
    let tool = tried(&program);
    let Verb::Require(require) = &tool.steps[2].verb else { panic!("a require") };
    let [(_, narrowed)] = require.narrows.as_slice() else { panic!("one narrowed name") };
    let Verb::Delete(delete) = &tool.steps[3].verb else { panic!("a delete") };
    assert!(matches!(delete.target, Target::Bound(local) if local == *narrowed));
}

#[test]
fn a_result_takes_the_place_of_the_object_it_comes_from() {
    let program = lower(
        "write",
        "dry_run: { use: dry_run }",
        "- use: find_cluster\n- patch: cluster\n  set: { spec: { instances: 3, mode: null, settings: { a: null, b: \"{{ name }}\" } } }",
        "instances: \"{{ cluster.spec.instances }}\"",
    );
    let tool = tried(&program);
    assert_eq!(tool.steps[0].binding, tool.steps[1].binding);
    let Verb::Patch(patch) = &tool.steps[1].verb else { panic!("a patch") };
    let Body::Object(root) = &patch.set else { panic!("an object") };
    let [BodyEntry::Key(spec, Body::Object(fields))] = root.as_slice() else { panic!("spec") };
    assert_eq!(spec, "spec");
    assert!(matches!(&fields[1], BodyEntry::Key(name, Body::Null) if name == "mode"));
}

#[test]
fn groups_are_taken_apart_and_can_be_spread() {
    let program = lower(
        "write",
        "attributes: { spread: attributes, optional: true }\ndry_run: { use: dry_run }",
        "- use: find_cluster\n- edit: cluster\n  list: spec.roles\n  key: { name: \"{{ name }}\" }\n  when: \"{{ attributes is not empty }}\"\n  \
         set:\n    ...: \"{{ attributes }}\"\n    ensure: present",
        "login: \"{{ login }}\"\nattributes: \"{{ attributes }}\"",
    );
    let tool = tried(&program);
    let names: Vec<&str> = tool.params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(names, ["name", "namespace", "login", "comment", "dry_run"]);
    assert_eq!(tool.groups[0].members, [2, 3]);
    assert_eq!(output(&program, "login"), "bool?");
    assert_eq!(output(&program, "attributes"), "object{login, comment}");
    let Verb::Edit(edit) = &tool.steps[1].verb else { panic!("an edit") };
    assert!(matches!(tool.local(edit.before).kind, LocalKind::Before));
    let Some(Body::Object(set)) = &edit.set else { panic!("fields") };
    assert!(matches!(&set[0], BodyEntry::Spread(_)));
}

#[test]
fn a_page_is_cut_in_the_output_list_that_shows_it() {
    let program = lower(
        "read",
        "page: { spread: page }",
        "- use: find_cluster\n- let: roles\n  each: \"{{ cluster.spec.roles }}\"\n  page: { of: \"{{ page }}\", by: \"{{ item.name }}\" }",
        "roles: { each: \"{{ roles }}\", as: { name: \"{{ item.name }}\", ensure: \"{{ item.ensure }}\" } }",
    );
    let tool = tried(&program);
    assert_eq!(tool.paged_output.as_deref(), Some("roles"));
    let Verb::Let(Let::Each(each)) = &tool.steps[1].verb else { panic!("a comprehension") };
    let page = each.page.as_ref().expect("a page");
    assert_eq!((tool.local(page.limit).name.as_str(), tool.local(page.cursor).name.as_str()), ("limit", "cursor"));
}

#[test]
fn lists_of_different_objects_meet() {
    let program = lower(
        "read",
        "",
        "- use: find_cluster\n- let: first\n  each: \"{{ cluster.spec.roles }}\"\n  as: { name: \"{{ item.name }}\", login: \"{{ item.login }}\" }\n\
         - let: second\n  each: \"{{ cluster.status.byStatus | entries }}\"\n  as: { name: \"{{ item.key }}\", reasons: \"{{ item.value }}\", kind: x }",
        "all: \"{{ first + second }}\"",
    );
    assert_eq!(output(&program, "all"), "list<object{name, login, reasons, kind}>");
    let tool = tried(&program);
    let ExprKind::Binary(_, left, right) = &tool.output[0].value.kind else { panic!("a sum") };
    for side in [left, right] {
        assert!(matches!(side.kind, ExprKind::Widen(_)));
    }
}

#[test]
fn computed_defaults_are_expressions_and_literal_ones_values() {
    let program = lower(
        "read",
        "size: { type: int, about: Size., default: 3, min: 1 }\ntwice: { type: int, about: Twice., default: \"{{ 2 * size }}\" }",
        "- use: find_cluster",
        "sum: \"{{ twice + cluster.spec.instances }}\"",
    );
    let defaults: Vec<_> = tried(&program).params.iter().map(|param| &param.default).collect();
    assert!(matches!(defaults[1], Some(ParamDefault::Computed(_))));
    assert!(matches!(defaults[2], Some(ParamDefault::Literal(value)) if *value == 3));
    assert!(matches!(defaults[3], Some(ParamDefault::Computed(_))));
}

#[test]
fn kinds_and_tools_are_ordered_and_types_have_names_of_their_own() {
    let program = lower("read", "", "- use: find_cluster", "instances: \"{{ cluster.spec.instances }}\"");
    let kinds: Vec<&str> = program.kinds.iter().map(|kind| kind.kind.as_str()).collect();
    assert_eq!(kinds, ["Cluster", "Secret"]);
    let tools: Vec<&str> = program.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(tools, ["base_rest", "base_tool", "tried"]);
    let mut names: Vec<&str> = program.types.iter().map(|(_, object)| object.name.as_str()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
