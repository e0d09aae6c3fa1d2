//! Options that say which Kubernetes is meant.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use cnpg_mcp::target::Target;

/// The options, for every command that works on a Kubernetes.
pub fn args() -> [Arg; 3] {
    const HEADING: &str = "Which Kubernetes";
    [
        Arg::new("sandbox")
            .long("sandbox")
            .action(ArgAction::SetTrue)
            .conflicts_with_all(["kubeconfig", "context"])
            .help("A sandbox inside this process, with two clusters to look at; gone when the command ends"),
        Arg::new("kubeconfig")
            .long("kubeconfig")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Kubeconfig file"),
        Arg::new("context").long("context").value_name("NAME").help("Context of the kubeconfig"),
    ]
    .map(|arg| arg.global(true).help_heading(HEADING))
}

/// What they say.
pub fn target(matches: &ArgMatches) -> Target {
    Target {
        sandbox: matches.get_flag("sandbox"),
        kubeconfig: matches.get_one::<PathBuf>("kubeconfig").cloned(),
        context: matches.get_one::<String>("context").cloned(),
    }
}
