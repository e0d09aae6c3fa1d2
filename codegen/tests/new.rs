//! `new`: starting specs are in order as they are written, whatever the kind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod on_specs;

use std::fs;
use std::path::Path;

use cnpg_mcp_codegen::compile;
use cnpg_mcp_codegen::diagnostic::{Sink, render};
use cnpg_mcp_codegen::format::format;
use cnpg_mcp_codegen::source::SourceMap;
use cnpg_mcp_codegen::starter::{Start, StarterError, StarterVerb, starter};
use on_specs::{copy_of, project, run, small, small_copy, text};

const VERBS: [StarterVerb; 5] =
    [StarterVerb::Get, StarterVerb::List, StarterVerb::Create, StarterVerb::Patch, StarterVerb::Delete];

/// A folder with kinds whose fields have every type, bound and flag there is.
fn corners() -> tempfile::TempDir {
    copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/new/specs"))
}

/// Writes a tool for each kind and verb into the folder, and says what the compiler thinks of them.
fn every_start(folder: &Path) -> (usize, Vec<String>) {
    let program = compile(folder).unwrap().program.unwrap();
    let mut sources = SourceMap::default();
    let specs = cnpg_mcp_codegen::load::load(folder, &mut sources, &mut Sink::default()).unwrap();
    let mut wrong = Vec::new();
    let mut made = 0;
    for kind in &program.kinds {
        for verb in VERBS {
            let tool = format!("start_{}_{}", verb.word(), kind.kind.to_lowercase());
            let start =
                Start { tool: &tool, toolset: None, kind, types: &program.types, verb, shared: specs.params.as_ref() };
            let files = match starter(&start) {
                Ok(files) => files,
                Err(StarterError::NothingToPatch(_)) => {
                    assert_eq!(verb, StarterVerb::Patch);
                    continue;
                }
            };
            made += 1;
            for file in &files {
                fs::create_dir_all(folder.join(&file.path).parent().unwrap()).unwrap();
                fs::write(folder.join(&file.path), &file.text).unwrap();
            }
            let mut sources = SourceMap::default();
            let file = sources.add("start.yaml", files[0].text.as_str());
            let formatted = format(file, &sources, &mut Sink::default()).unwrap();
            if formatted != files[0].text {
                wrong.push(format!("{tool} is not formatted:\n{}", files[0].text));
            }
        }
    }
    let compilation = compile(folder).unwrap();
    wrong.extend(compilation.diagnostics.iter().map(|one| render(&compilation.sources, one, false)));
    (made, wrong)
}

#[test]
fn every_kind_of_the_project_and_every_verb_compile_without_a_word() {
    let folder = copy_of(&project());
    let kinds = fs::read_dir(folder.path().join("resources")).unwrap().count();
    let (made, wrong) = every_start(folder.path());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // A kind of which nothing can be changed has no start for `patch`: a Backup is one.
    assert!(made >= kinds * (VERBS.len() - 1) && made > 30, "{made} of {kinds} kinds");
}

#[test]
fn kinds_with_every_corner_and_nothing_shared_compile_without_a_word() {
    for folder in [corners(), copy_of(&small())] {
        let (made, wrong) = every_start(folder.path());
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        assert!(made > 0);
    }
}

#[test]
fn kinds_of_other_operators_compile_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["certificate.yaml", "corners.yaml"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import_crd").join(file);
        let output = run(folder.path(), &["import-crd", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let (made, wrong) = every_start(folder.path());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(made, 3 * VERBS.len());
}

#[test]
fn what_is_written_reads_well() {
    for (tool, effect, verb) in [
        ("get_thing", "read", "get"),
        ("list_things", "read", "list"),
        ("create_thing", "write", "create"),
        ("change_thing", "write", "patch"),
        ("delete_thing", "destroy", "delete"),
    ] {
        let folder = corners();
        let output = run(folder.path(), &["new", tool, "--kind", "Thing", "--effect", effect, "--verb", verb]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let spec = fs::read_to_string(folder.path().join(format!("tools/{tool}.yaml"))).unwrap();
        insta::assert_snapshot!(format!("new_{tool}"), spec);
        let check = run(folder.path(), &["check"]);
        // The folder's other kinds are used by nobody.
        assert!(check.status.success() && !text(&check.stderr).contains("tools/"), "{}", text(&check.stderr));
        let formatted = run(folder.path(), &["fmt", "--check"]);
        assert_eq!(text(&formatted.stderr), "");
    }
}

#[test]
fn each_effect_has_its_usual_verb_and_what_comes_next_is_said() {
    for (tool, effect, verb) in
        [("a_read", "read", "- get: "), ("a_write", "write", "- create: "), ("a_destroy", "destroy", "- delete: ")]
    {
        let folder = small_copy();
        let output = run(folder.path(), &["new", tool, "--kind", "Widget", "--effect", effect, "--toolset", "toys"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.contains(&format!("tools/{tool}.yaml\n")), "{said}");
        assert_eq!(said.contains(&format!("partials/{tool}_plan.md\n")), effect == "destroy", "{said}");
        assert!(said.contains("`cnpg-mcp-codegen check` says what does not fit"), "{said}");
        let spec = fs::read_to_string(folder.path().join(format!("tools/{tool}.yaml"))).unwrap();
        assert!(spec.contains(verb) && spec.contains("toolset: toys\n"), "{spec}");
    }
}

/// What `new` says when it refuses; nothing is written then.
fn refused(arguments: &[&str]) -> String {
    let folder = corners();
    let output = run(folder.path(), &[&["new"], arguments].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_dir(folder.path().join("tools")).map_or(0, Iterator::count), 0);
    text(&output.stderr).to_owned()
}

#[test]
fn what_does_not_fit_is_refused_with_the_way_out() {
    let name = refused(&["Get-Thing", "--kind", "Thing", "--effect", "read"]);
    assert!(
        name.starts_with("error: `Get-Thing` cannot be the name of a tool; a name has lowercase letters"),
        "{name}"
    );
    let toolset = refused(&["a", "--kind", "Thing", "--effect", "read", "--toolset", "A B"]);
    assert!(toolset.starts_with("error: `A B` cannot be the name of a toolset"), "{toolset}");
    let near = refused(&["a", "--kind", "Thng", "--effect", "read"]);
    assert_eq!(near, "error: there is no description of the kind `Thng`; did you mean `Thing`?\n");
    let far = refused(&["a", "--kind", "Cluster", "--effect", "read"]);
    assert!(far.contains("there are: ") && far.contains("import-crd FILE"), "{far}");
    let verb = refused(&["a", "--kind", "Thing", "--effect", "read", "--verb", "patch"]);
    assert_eq!(
        verb,
        "error: a tool that begins with `patch` has the effect `write`; say `--effect write`, or another verb\n"
    );
    let nothing = refused(&["a", "--kind", "Fixed", "--effect", "write", "--verb", "patch"]);
    assert!(nothing.contains("the description of Fixed has no single value that can be changed"), "{nothing}");
}

#[test]
fn a_file_that_is_there_stays_as_it_is() {
    let folder = small_copy();
    let path = folder.path().join("tools/page_parts.yaml");
    let before = fs::read_to_string(&path).unwrap();
    let output = run(folder.path(), &["new", "page_parts", "--kind", "Widget", "--effect", "read"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("page_parts.yaml is there already and stays as it is"));
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    // A plan of that name is not overwritten either, and no half of the two files is written.
    fs::write(folder.path().join("partials/gone_plan.md"), "mine").unwrap();
    let output = run(folder.path(), &["new", "gone", "--kind", "Widget", "--effect", "destroy"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join("tools/gone.yaml").exists());
}

#[test]
fn a_wrong_description_is_shown_and_a_wrong_tool_is_no_obstacle() {
    let folder = small_copy();
    fs::write(folder.path().join("tools/broken.yaml"), "tool: [\n").unwrap();
    let output = run(folder.path(), &["new", "fine", "--kind", "Widget", "--effect", "read"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let path = folder.path().join("resources/widget.yaml");
    let description = fs::read_to_string(&path).unwrap();
    fs::write(&path, description.replacen("plural:", "plurall:", 1)).unwrap();
    let output = run(folder.path(), &["new", "other", "--kind", "Widget", "--effect", "read"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("plurall") && said.contains("there is no description of the kind `Widget`"), "{said}");
}
