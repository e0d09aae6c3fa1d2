//! The README's "add a tool in five minutes", done as it says; and how long a build takes after an edit.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cnpg_mcp_codegen::import;
use cnpg_mcp_tests::binary;
use cnpg_mcp_tests::world::root;

/// An edited spec must be a linked server within this: a few seconds on two cores, and some for a loaded machine.
const SOON: Duration = Duration::from_secs(30);

/// What an edited spec compiles again: the tools, and the programs that they are linked into.
const COMPILED_AGAIN: [&str; 3] = ["cnpg-mcp", "cnpg-mcp-cli", "cnpg-mcp-tests"];

/// The spec that the README shows, and where it says to put it.
fn tutorial() -> (String, String) {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let (_, rest) = readme.split_once("<!-- tutorial: ").expect("the README marks the tutorial's spec");
    let (path, rest) = rest.split_once(" -->").expect("the mark ends");
    let (_, rest) = rest.split_once("```yaml\n").expect("the spec is a block of YAML");
    let (spec, _) = rest.split_once("```").expect("the block ends");
    (path.to_owned(), spec.to_owned())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a temporary folder");
    for entry in std::fs::read_dir(from).expect("a folder of specs") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// What `specs/FOREIGN_KINDS.md` adds: the kind of another operator, a tool that was edited and one as `new` writes it.
fn add_foreign_tools(specs: &Path) {
    let crd =
        std::fs::read_to_string(root().join("codegen/tests/import_crd/certificate.yaml")).expect("the CRD is there");
    let definitions = import::definitions(&crd, None).expect("it is a definition");
    let description = import::import(&definitions[0], &import::Choice::default()).expect("it is described");
    std::fs::write(specs.join("resources").join(&description.file), description.text).expect("the kind is written");
    let page = std::fs::read_to_string(root().join("specs/FOREIGN_KINDS.md")).expect("there is a page");
    let (_, rest) = page.split_once("```yaml edit=specs/tools/get_certificate.yaml\n").expect("the page edits a spec");
    let (spec, _) = rest.split_once("```\n").expect("the block ends");
    let spec = spec.replace("item.mesage", "item.message");
    std::fs::write(specs.join("tools/get_certificate.yaml"), spec).expect("the tool is written");
    let output = Command::new(binary::path("cnpg-mcp-codegen"))
        .args(["new", "create_certificate", "--kind", "Certificate", "--effect", "write", "--specs"])
        .arg(specs)
        .output()
        .expect("the compiler runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Builds the server and the command, from the project's specs or others.
fn build(specs: Option<&Path>) -> (Output, Duration) {
    let (output, took) = try_to_build(specs);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (output, took)
}

fn try_to_build(specs: Option<&Path>) -> (Output, Duration) {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args(["build", "--workspace", "--bins"]);
    match specs {
        Some(specs) => command.env("CNPG_MCP_SPECS", specs),
        None => command.env_remove("CNPG_MCP_SPECS"),
    };
    let begun = Instant::now();
    let output = command.output().expect("cargo runs");
    (output, begun.elapsed())
}

/// The packages that a build compiled.
fn compiled(build: &Output) -> BTreeSet<String> {
    let said = String::from_utf8_lossy(&build.stderr).into_owned();
    let packages = said.lines().filter_map(|line| line.trim().strip_prefix("Compiling ")?.split(' ').next());
    packages.map(str::to_owned).collect()
}

fn cnpg_mcp(arguments: &[&str]) -> Output {
    Command::new(binary::path("cnpg-mcp")).args(arguments).output().expect("the command runs")
}

/// Puts the project's own binaries back, also where the test fails.
struct Back;

impl Drop for Back {
    fn drop(&mut self) {
        build(None);
    }
}

#[test]
fn a_tool_is_added_as_the_readme_says() {
    build(None);
    let (nothing, took) = build(None);
    assert_eq!(compiled(&nothing), BTreeSet::new(), "a build after touching nothing compiles something");
    println!("build after touching nothing: {:.1} s", took.as_secs_f64());

    let (path, spec) = tutorial();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let specs = folder.path().join("specs");
    copy(&root().join("specs"), &specs);
    let _back = Back;
    build(Some(&specs));
    let file = folder.path().join(&path);
    std::fs::write(&file, &spec).expect("the spec is written");
    add_foreign_tools(&specs);
    let (edited, took) = build(Some(&specs));
    assert_eq!(compiled(&edited), COMPILED_AGAIN.map(str::to_owned).into());
    println!("new spec to linked server and command: {:.1} s", took.as_secs_f64());
    assert!(took < SOON, "the build took {took:?}");

    let listed = cnpg_mcp(&["tools"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("list_postgres_backups"), "{listed}");
    let called = cnpg_mcp(&["call", "list_postgres_backups", "--cluster-name", "main-db", "--sandbox"]);
    let answer = String::from_utf8_lossy(&called.stdout).into_owned();
    assert!(called.status.success(), "{answer}\n{}", String::from_utf8_lossy(&called.stderr));
    assert!(answer.contains("main-db"), "{answer}");

    let created =
        ["create_certificate", "--name", "web", "--issuer-ref-name", "letsencrypt", "--secret-name", "web-tls"];
    let called = cnpg_mcp(&[&["call"], &created[..], &["--sandbox"]].concat());
    let answer = String::from_utf8_lossy(&called.stdout).into_owned();
    assert!(called.status.success(), "{answer}\n{}", String::from_utf8_lossy(&called.stderr));
    assert!(answer.contains("Created Certificate **web**"), "{answer}");
    let called = cnpg_mcp(&["call", "get_certificate", "--name", "web", "--sandbox"]);
    let said = String::from_utf8_lossy(&[called.stdout, called.stderr].concat()).into_owned();
    assert!(!called.status.success() && said.contains("certificates.cert-manager.io"), "{said}");

    std::fs::write(&file, spec.replace("item.status.phase", "item.status.phse")).expect("a typing error");
    let (wrong, _) = try_to_build(Some(&specs));
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success());
    assert!(said.contains("list_postgres_backups.yaml:") && said.contains("phase"), "{said}");
}
