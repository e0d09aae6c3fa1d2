//! `cnpg-mcp sandbox`: the sandbox by itself, for kubectl and other clients.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};
use cnpg_mcp::target::{kind_documents, write_private};
use cnpg_mcp_runtime::transport::stop_requested;
use cnpg_mcp_sandbox::{AdmissionMode, Sandbox, Seed};
use serde_json::Value;

pub fn command() -> Command {
    Command::new("sandbox")
        .about("Run the sandbox: an in-memory Kubernetes API with a stand-in for CloudNativePG")
        .arg(
            Arg::new("port")
                .long("port")
                .value_parser(value_parser!(u16))
                .default_value("0")
                .help("Port to listen on, on 127.0.0.1; 0 takes a free one"),
        )
        .arg(
            Arg::new("kubeconfig-out")
                .long("kubeconfig-out")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write a kubeconfig there, readable by you alone; unset, it is printed"),
        )
        .arg(Arg::new("crds").long("crds").value_name("DIR").value_parser(value_parser!(PathBuf)).help(
            "Serve the CustomResourceDefinitions in this folder (YAML or JSON) instead of the built-in descriptions",
        ))
        .arg(
            Arg::new("admission")
                .long("admission")
                .value_parser(["crds", "operator"])
                .default_value("operator")
                .help("Who checks objects: the schemas alone, or the operator's rules too"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_parser(["demo", "none"])
                .default_value("demo")
                .help("What is there at the start"),
        )
}

pub async fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let kinds = match matches.get_one::<PathBuf>("crds") {
        Some(folder) => read_definitions(folder)?,
        None => kind_documents()?,
    };
    let admission = if matches.get_one::<String>("admission").is_some_and(|mode| mode == "crds") {
        AdmissionMode::Crds
    } else {
        AdmissionMode::Operator
    };
    let seed =
        if matches.get_one::<String>("seed").is_some_and(|seed| seed == "none") { Seed::none() } else { Seed::demo() };
    let port = matches.get_one::<u16>("port").copied().unwrap_or_default();
    let sandbox = Sandbox::builder()
        .kinds(kinds)
        .admission(admission)
        .preload(seed)
        .port(port)
        .start()
        .await
        .context("the sandbox could not be started")?;
    println!("The sandbox is at {}. Ctrl-C ends it, and everything in it is gone.", sandbox.url());
    match matches.get_one::<PathBuf>("kubeconfig-out") {
        Some(path) => {
            write_private(path, &sandbox.kubeconfig())
                .with_context(|| format!("`{}` could not be written", path.display()))?;
            println!("kubectl --kubeconfig {} get clusters --all-namespaces", path.display());
        }
        None => println!("\n{}", sandbox.kubeconfig()),
    }
    stop_requested().await;
    sandbox.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// Every `CustomResourceDefinition` in a folder; files may hold several documents and other kinds.
fn read_definitions(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let listing =
        std::fs::read_dir(folder).with_context(|| format!("the folder `{}` cannot be read", folder.display()))?;
    let mut paths = listing.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
    });
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        let documents: Vec<Value> =
            serde_yaml::from_multiple(&text).with_context(|| format!("`{}` is no YAML", path.display()))?;
        found.extend(documents.into_iter().filter(|document| document["kind"] == "CustomResourceDefinition"));
    }
    anyhow::ensure!(!found.is_empty(), "the folder `{}` holds no CustomResourceDefinition", folder.display());
    Ok(found)
}
