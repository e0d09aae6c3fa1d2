//! `import-crd`: a resource description from a custom resource definition.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Args;

use super::{refused, say, show_all, write_new};
use crate::diagnostic::{Diagnostic, Sink};
use crate::import::{Choice, Imported, definitions, import};
use crate::kinds::read_kinds;
use crate::load::parse_yaml;
use crate::source::SourceMap;
use crate::types::Types;

/// Write a resource description from a custom resource definition (CRD).
#[derive(Debug, Args)]
pub(super) struct ImportCrd {
    /// YAML file with one or more definitions, and whatever else; `-` for standard input.
    #[arg(value_name = "FILE", required_unless_present = "from_cluster")]
    file: Option<PathBuf>,
    /// Ask a Kubernetes cluster instead, through `kubectl get crd NAME` (`certificates.cert-manager.io`).
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    from_cluster: Option<String>,
    /// Context of the kubeconfig that `kubectl` takes.
    #[arg(long, requires = "from_cluster")]
    context: Option<String>,
    /// Take this kind alone, of several.
    #[arg(long)]
    kind: Option<String>,
    /// Version of the API; unless said the stored one, or the newest that is served.
    #[arg(long)]
    version: Option<String>,
    /// Fields to take in, with all that is in them (`spec.issuerRef,status.conditions`); unless said everything near the
    /// root.
    #[arg(long, value_delimiter = ',', value_name = "PATH,…")]
    fields: Vec<String>,
    /// Who brings the kind, for errors where it is not there; unless said what the definition's labels say.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Folder that the description goes to; unless said `resources` of the specs.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl ImportCrd {
    /// The exit code is 1 where the definition, the kind, the version or a field is not there, or a file would be lost.
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let (text, source) = match (&self.from_cluster, &self.file) {
            (Some(name), _) => match from_cluster(name, self.context.as_deref())? {
                Ok(text) => (text, format!("crd {name}")),
                Err(reason) => return refused(&reason),
            },
            (None, Some(file)) => (read(file)?, file.display().to_string()),
            (None, None) => anyhow::bail!("name a file, or `--from-cluster NAME`"),
        };
        let definitions = match definitions(&text, self.kind.as_deref()) {
            Ok(definitions) => definitions,
            Err(error) => return refused(&format!("{source}: {error}")),
        };
        let choice =
            Choice { version: self.version.clone(), fields: self.fields.clone(), operator: self.operator.clone() };
        let out = self.out.clone().unwrap_or_else(|| specs.join("resources"));
        let mut imported = Vec::new();
        for definition in &definitions {
            let one = match import(definition, &choice) {
                Ok(one) => one,
                Err(error) => return refused(&format!("{source}: {error}")),
            };
            let path = out.join(&one.file);
            if path.exists() {
                return refused(&format!(
                    "{} is there already and stays as it is; take it away first, or name another folder by --out",
                    path.display()
                ));
            }
            if let Some((sources, problems)) = unfit(&one) {
                show_all(&sources, &problems)?;
                return refused(&format!(
                    "{source}: {} cannot be described as it is; take what can by --fields PATH,…",
                    one.kind
                ));
            }
            imported.push((path, one));
        }
        for (path, one) in &imported {
            write_new(path, &one.text).with_context(|| format!("cannot write {}", path.display()))?;
            told(path, one)?;
        }
        if let [(_, one)] = imported.as_slice() {
            let (kind, tool) = (&one.kind, one.file.trim_end_matches(".yaml"));
            say(&format!("Next: `cnpg-mcp-codegen new get_{tool} --kind {kind} --effect read`.\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn told(path: &Path, one: &Imported) -> io::Result<()> {
    let whole = match one.whole.len() {
        0 => String::new(),
        count => format!(", {count} of them taken whole"),
    };
    say(&format!("{}: {} of {}, {} fields{whole}.\n", path.display(), one.kind, one.api, one.fields))?;
    for secret in &one.secrets {
        say(&format!("  {secret} is taken for a secret because of its name; write `type: string` if it is none.\n"))?;
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).context("cannot read standard input as UTF-8 text")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Asks by `kubectl`, which knows how to reach and persuade every cluster.
fn from_cluster(name: &str, context: Option<&str>) -> anyhow::Result<Result<String, String>> {
    let mut command = Command::new("kubectl");
    if let Some(context) = context {
        command.args(["--context", context]);
    }
    // What follows the dashes is a name, whatever it begins with.
    let output = match command.args(["get", "crd", "--output", "yaml", "--", name]).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Err(
                "`kubectl` is not on the path; install it, or save the definition to a file and name that".to_owned()
            ));
        }
        other => other.context("cannot run kubectl")?,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        return Ok(Err(format!(
            "kubectl cannot give crd {name}: {}",
            if said.is_empty() { "it says nothing" } else { said }
        )));
    }
    Ok(String::from_utf8(output.stdout).map_err(|_| format!("kubectl's answer for crd {name} is not UTF-8 text")))
}

/// What the compiler has against a description, if anything.
fn unfit(one: &Imported) -> Option<(SourceMap, Vec<Diagnostic>)> {
    let (mut sources, mut sink) = (SourceMap::default(), Sink::default());
    let file = sources.add(format!("resources/{}", one.file), one.text.as_str());
    let nodes: Vec<_> = parse_yaml(file, &sources, &mut sink).into_iter().collect();
    read_kinds(&nodes, false, &mut Types::default(), &sources, &mut sink);
    let problems = sink.finish(&sources);
    (!problems.is_empty()).then_some((sources, problems))
}
