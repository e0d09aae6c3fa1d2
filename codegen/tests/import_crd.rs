//! `import-crd`: descriptions from definitions, by file, standard input and `kubectl`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod on_specs;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use on_specs::{run, text};
use tempfile::TempDir;

fn given(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import_crd").join(file)
}

/// Imports from a file into an empty folder of specs.
fn import(file: &Path, more: &[&str]) -> (TempDir, Output) {
    let specs = tempfile::tempdir().unwrap();
    let output = run(specs.path(), &[&["import-crd", file.to_str().unwrap()], more].concat());
    (specs, output)
}

fn described(specs: &TempDir, file: &str) -> String {
    fs::read_to_string(specs.path().join("resources").join(file)).unwrap()
}

/// The compiler has nothing to say about the descriptions, each used by a tool, and the formatter nothing to do.
fn is_fine(specs: &TempDir) {
    for entry in fs::read_dir(specs.path().join("resources")).unwrap() {
        let path = entry.unwrap().path();
        let description = fs::read_to_string(&path).unwrap();
        let kind = description.lines().find_map(|line| line.strip_prefix("resource: ")).unwrap();
        let tool = format!("get_{}", path.file_stem().unwrap().to_str().unwrap());
        let output = run(specs.path(), &["new", &tool, "--kind", kind, "--effect", "read"]);
        assert_eq!(text(&output.stderr), "");
    }
    let check = run(specs.path(), &["check"]);
    assert_eq!(text(&check.stderr), "");
    let formatted = run(specs.path(), &["fmt", "--check"]);
    assert_eq!(text(&formatted.stderr), "");
}

#[test]
fn another_operators_kind_is_described() {
    let (specs, output) = import(&given("certificate.yaml"), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("certificate.yaml: Certificate of cert-manager.io/v1, 24 fields.\n"), "{said}");
    assert!(
        said.ends_with("Next: `cnpg-mcp-codegen new get_certificate --kind Certificate --effect read`.\n"),
        "{said}"
    );
    insta::assert_snapshot!("import_certificate", described(&specs, "certificate.yaml"));
    is_fine(&specs);
}

#[test]
fn every_construct_is_said_or_left_out_aloud() {
    let (specs, output) = import(&given("corners.yaml"), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("spec.adminPassword is taken for a secret because of its name"), "{said}");
    assert!(
        said.contains("Corner of example.com/v1") && said.contains("Other of example.com/v1, 2 fields.\n"),
        "{said}"
    );
    insta::assert_snapshot!("import_corners", described(&specs, "corner.yaml"));
    insta::assert_snapshot!("import_other", described(&specs, "other.yaml"));
    is_fine(&specs);
}

#[test]
fn fields_kinds_versions_and_names_are_chosen() {
    let (specs, output) = import(
        &given("certificate.yaml"),
        &["--fields", "spec.dnsNames,status.conditions.type", "--operator", "the cert-manager"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    insta::assert_snapshot!("import_chosen_fields", described(&specs, "certificate.yaml"));
    is_fine(&specs);

    let deep = "spec.deep.down.deeper.deepest";
    let (specs, output) = import(&given("corners.yaml"), &["--kind", "Corner", "--fields", deep]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let corner = described(&specs, "corner.yaml");
    assert!(corner.contains("most: { type: list<string> }"), "{corner}");
    assert!(!specs.path().join("resources/other.yaml").exists());
    is_fine(&specs);

    let (specs, output) = import(&given("corners.yaml"), &["--kind", "Corner", "--version", "v1alpha1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(described(&specs, "corner.yaml").contains("api: example.com/v1alpha1\n"));
    is_fine(&specs);

    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("new/folder");
    let (specs, output) = import(&given("certificate.yaml"), &["--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(out.join("certificate.yaml").is_file());
    assert!(!specs.path().join("resources").exists());
}

/// What is said where nothing is imported.
fn refused(yaml: &str, more: &[&str]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), yaml).unwrap();
    let (specs, output) = import(file.path(), more);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(!specs.path().join("resources").exists());
    text(&output.stderr).replace(&format!("{}: ", file.path().display()), "")
}

#[test]
fn what_is_not_there_or_too_old_is_refused_by_name() {
    let corners = fs::read_to_string(given("corners.yaml")).unwrap();
    for (more, wanted) in [
        (["--kind", "Cornr"], "error: there is no kind `Cornr` in it; did you mean `Corner`?\n"),
        (["--kind", "Pod"], "error: there is no kind `Pod` in it; there are: Corner, Other\n"),
        (["--version", "v1beta1"], "error: Corner has no served version `v1beta1`; there are: v1alpha1, v1\n"),
        (
            ["--fields", "spec.deep.dwon"],
            "error: Corner has no field `spec.deep.dwon`; did you mean `spec.deep.down`?\n",
        ),
        (["--fields", "nothing"], "error: Corner has no field `nothing`\n"),
    ] {
        assert_eq!(refused(&corners, &more), wanted);
    }
    assert_eq!(refused("kind: Namespace\n", &[]), "error: there is no CustomResourceDefinition in it\n");
    let old = corners.replace("apiextensions.k8s.io/v1\n", "apiextensions.k8s.io/v1beta1\n");
    let said = refused(&old, &[]);
    assert!(
        said.contains("corners.example.com is of apiextensions.k8s.io/v1beta1; only apiextensions.k8s.io/v1 is read"),
        "{said}"
    );
    let said = refused("a: [\n", &[]);
    assert!(said.starts_with("error: this is not valid YAML: "), "{said}");
    let said = refused(&corners.replace("  group: example.com\n", ""), &[]);
    assert!(said.contains("the definition corners.example.com has no spec.group"), "{said}");
    let unserved = corners.replace("served: true", "served: false");
    assert!(refused(&unserved, &[]).contains("Corner has no served version"));
}

#[test]
fn a_description_that_is_there_stays_as_it_is() {
    let (specs, _) = import(&given("certificate.yaml"), &[]);
    let path = specs.path().join("resources/certificate.yaml");
    fs::write(&path, "mine").unwrap();
    let output = run(specs.path(), &["import-crd", given("certificate.yaml").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("certificate.yaml is there already and stays as it is"));
    assert_eq!(fs::read_to_string(path).unwrap(), "mine");
    let output = run(specs.path(), &["import-crd", "no-such-file.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot read no-such-file.yaml: "));
}

#[test]
fn standard_input_is_read_as_a_list_of_objects_too() {
    let specs = tempfile::tempdir().unwrap();
    let certificate = fs::read_to_string(given("certificate.yaml")).unwrap();
    let items = certificate.lines().skip(1).fold(String::new(), |all, line| format!("{all}    {line}\n"));
    let list = format!("apiVersion: v1\nkind: List\nitems:\n  -\n{items}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
        .args(["import-crd", "-", "--specs"])
        .arg(specs.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (other, _) = import(&given("certificate.yaml"), &[]);
    assert_eq!(described(&specs, "certificate.yaml"), described(&other, "certificate.yaml"));
}

/// Every definition of `CloudNativePG`; the project's own descriptions are held to them by another suite.
#[test]
#[ignore = "needs CNPG_CRDS_DIR, a folder with the operator's CRDs"]
fn the_definitions_of_cloudnativepg_are_described() {
    let folder = std::env::var_os("CNPG_CRDS_DIR").expect("CNPG_CRDS_DIR");
    let specs = tempfile::tempdir().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let output = run(specs.path(), &["import-crd", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}: {}", path.display(), text(&output.stderr));
        count += 1;
    }
    assert!(count >= 10, "{count}");
    is_fine(&specs);
    let check = run(specs.path(), &["check"]);
    assert_eq!(text(&check.stdout), format!("{count} tools and {count} kinds are in order.\n"));
}

#[cfg(unix)]
mod cluster {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A `kubectl` that is a script, alone on the path.
    fn with_kubectl(script: Option<&str>, arguments: &[&str]) -> (TempDir, Output) {
        let path = tempfile::tempdir().unwrap();
        if let Some(script) = script {
            let kubectl = path.path().join("kubectl");
            fs::write(&kubectl, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let specs = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
            .arg("import-crd")
            .args(arguments)
            .arg("--specs")
            .arg(specs.path())
            .env("PATH", path.path())
            .output()
            .unwrap();
        (specs, output)
    }

    #[test]
    fn a_cluster_is_asked_through_kubectl() {
        let script = format!(
            "[ \"$*\" = '--context here get crd --output yaml -- certificates.cert-manager.io' ] || exit 9\n\
             while IFS= read -r line; do printf '%s\\n' \"$line\"; done < {}",
            given("certificate.yaml").display()
        );
        let (specs, output) =
            with_kubectl(Some(&script), &["--from-cluster", "certificates.cert-manager.io", "--context", "here"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(described(&specs, "certificate.yaml").contains("resource: Certificate\n"));
    }

    #[test]
    fn a_kubectl_that_is_missing_or_fails_is_said() {
        let (_, output) = with_kubectl(None, &["--from-cluster", "a.b"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).starts_with("error: `kubectl` is not on the path; install it, or save the definition")
        );
        let not_found = "echo 'Error from server (NotFound): crd \"a.b\" not found' >&2; exit 1";
        let (_, output) = with_kubectl(Some(not_found), &["--from-cluster", "a.b"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            text(&output.stderr),
            "error: kubectl cannot give crd a.b: Error from server (NotFound): crd \"a.b\" not found\n"
        );
        let (_, output) = with_kubectl(None, &["file.yaml", "--from-cluster", "a.b"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("cannot be used with"), "{}", text(&output.stderr));
        let (_, output) = with_kubectl(None, &[]);
        assert_eq!(output.status.code(), Some(2));
    }
}
