//! The rights that tools need, as they are compiled in with the tools.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Context as _;
use cnpg_mcp_runtime::registry::Toolsets;
use cnpg_mcp_runtime::tool::{Effect, Tool, ToolInfo};
use serde_json::{Value, json};

include!(concat!(env!("OUT_DIR"), "/can_be_left_out.rs"));

/// Resources in no namespace, as the chart has them.
const CLUSTER_SCOPED: &str = include_str!("../../../../chart/files/rbac/cluster-scoped.yaml");

/// The tools that servers of this build have.
pub type Compiled = fn() -> Vec<Tool>;

/// Which tools are offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Offered {
    /// Toolsets, with commas between them
    #[arg(long, value_name = "NAMES")]
    pub toolsets: Option<String>,
    /// Tools that read alone
    #[arg(long)]
    pub read_only: bool,
    /// No tools that destroy
    #[arg(long)]
    pub disable_destructive: bool,
}

/// Toolsets where none are named.
const USUAL_TOOLSETS: &str = "core";

impl Offered {
    /// What a server offers that is started with these arguments, in the chart's way of writing them (`--flag=value`).
    pub fn of_arguments<'a>(arguments: impl Iterator<Item = &'a str>) -> Self {
        let mut offered = Self::default();
        for argument in arguments {
            match argument.split_once('=').unwrap_or((argument, "true")) {
                ("--toolsets", names) => offered.toolsets = Some(names.to_owned()),
                ("--read-only", value) => offered.read_only = value == "true",
                ("--disable-destructive", value) => offered.disable_destructive = value == "true",
                _ => {}
            }
        }
        offered.in_full()
    }

    /// The same, with the toolsets named, each once and in one order.
    pub fn in_full(&self) -> Self {
        let names: BTreeSet<&str> = self.names().split(',').map(str::trim).collect();
        Self { toolsets: Some(names.into_iter().collect::<Vec<_>>().join(",")), ..*self }
    }

    fn names(&self) -> &str {
        self.toolsets.as_deref().unwrap_or(USUAL_TOOLSETS)
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the toolsets `{}`", self.names())?;
        match (self.read_only, self.disable_destructive) {
            (true, _) => formatter.write_str(" that read alone"),
            (false, true) => formatter.write_str(" without tools that destroy"),
            (false, false) => Ok(()),
        }
    }
}

/// Verbs on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    pub group: String,
    /// Plural, with the subresource where it is one.
    pub resource: String,
    pub verbs: BTreeSet<&'static str>,
    pub namespaced: bool,
    /// Whether every tool goes on without it, and says what is missing.
    pub can_be_left_out: bool,
    pub tools: BTreeSet<&'static str>,
}

impl Right {
    /// `resource.group`, as kubectl writes it.
    pub fn title(&self) -> String {
        if self.group.is_empty() { self.resource.clone() } else { format!("{}.{}", self.resource, self.group) }
    }
}

/// The offered tools.
pub fn tools(offered: &Offered, compiled: Compiled) -> anyhow::Result<Vec<&'static ToolInfo>> {
    let names = offered.names();
    let tools = compiled();
    let _: Toolsets = Toolsets::parse(names, &tools).context("--toolsets")?;
    let names: BTreeSet<&str> = names.split(',').map(str::trim).collect();
    let chosen = |tool: &&ToolInfo| {
        names.contains("all") || names.contains(tool.toolset) || (tool.core && names.contains("core"))
    };
    let allowed = |tool: &&ToolInfo| match tool.effect {
        Effect::Read => true,
        Effect::Write => !offered.read_only,
        Effect::Destroy => !offered.read_only && !offered.disable_destructive,
    };
    Ok(tools.iter().map(|tool| tool.info).filter(chosen).filter(allowed).collect())
}

/// What tools need together, by group and resource.
pub fn rights(tools: &[&'static ToolInfo]) -> anyhow::Result<Vec<Right>> {
    let scoped: Value = serde_yaml::from_str(CLUSTER_SCOPED).context("the list of resources in no namespace")?;
    let in_no_namespace = |name: &str| scoped["resources"].as_array().into_iter().flatten().any(|one| *one == name);
    let mut rights: BTreeMap<(&str, &str), Right> = BTreeMap::new();
    for tool in tools {
        for grant in tool.grants {
            let right = rights.entry((grant.group, grant.resource)).or_insert_with(|| Right {
                group: grant.group.to_owned(),
                resource: grant.resource.to_owned(),
                verbs: BTreeSet::new(),
                namespaced: !in_no_namespace(&format!("{}/{}", grant.group, grant.resource)),
                can_be_left_out: true,
                tools: BTreeSet::new(),
            });
            right.verbs.extend(grant.verbs);
            right.tools.insert(tool.name);
            right.can_be_left_out &= CAN_BE_LEFT_OUT.contains(&(tool.name, grant.group, grant.resource));
        }
    }
    Ok(rights.into_values().collect())
}

/// `rules` of a role.
pub fn rules<'r>(rights: impl Iterator<Item = &'r Right>) -> Value {
    let rule =
        |right: &Right| json!({ "apiGroups": [right.group], "resources": [right.resource], "verbs": right.verbs });
    rights.map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(toolsets: &str, read_only: bool, disable_destructive: bool) -> Vec<Right> {
        let offered = Offered { toolsets: Some(toolsets.to_owned()), read_only, disable_destructive };
        rights(&tools(&offered, cnpg_mcp::tools).unwrap()).unwrap()
    }

    fn file(name: &str) -> Value {
        let text = std::fs::read_to_string(format!("../../chart/files/rbac/{name}.yaml")).unwrap();
        serde_yaml::from_str(&text).unwrap()
    }

    /// The verbs of each resource, whatever their order.
    fn sorted(rules: &Value) -> BTreeMap<(String, String), BTreeSet<String>> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rules = rules.as_array().unwrap().iter();
        rules
            .map(|rule| {
                (
                    (text(&rule["apiGroups"][0]), text(&rule["resources"][0])),
                    rule["verbs"].as_array().unwrap().iter().map(text).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn rights_are_those_of_the_chart() {
        for (toolset, file_name, read_only, safe) in [
            ("all", "all-tools", false, false),
            ("all", "read-only", true, false),
            ("all", "no-destructive", false, true),
            ("core", "toolset-core", false, false),
            ("roles", "toolset-roles-read-only", true, true),
            ("backups", "toolset-backups-no-destructive", false, true),
        ] {
            let rights = of(toolset, read_only, safe);
            assert_eq!(sorted(&rules(rights.iter())), sorted(&file(file_name)["rules"]), "{file_name}");
        }
    }

    #[test]
    fn what_a_pod_offers_stands_in_its_arguments() {
        let of = |arguments: &[&str]| Offered::of_arguments(arguments.iter().copied()).to_string();
        assert_eq!(of(&["--transport=http"]), "the toolsets `core`");
        assert_eq!(of(&["--toolsets=roles,core", "--read-only"]), "the toolsets `core,roles` that read alone");
        assert_eq!(of(&["--toolsets=all", "--disable-destructive"]), "the toolsets `all` without tools that destroy");
    }

    #[test]
    fn what_can_be_left_out_and_what_is_in_no_namespace() {
        let rights = of("clusters", false, false);
        let find = |resource: &str| rights.iter().find(|right| right.resource == resource).unwrap();
        assert!(find("pods").can_be_left_out && !find("clusters").can_be_left_out);
        assert!(!find("storageclasses").namespaced && find("pods").namespaced);
        let all = of("all", false, false);
        // One tool can do without it, another cannot.
        assert!(!all.iter().find(|right| right.resource == "events").unwrap().can_be_left_out);
        let offered = Offered { toolsets: Some("rolse".to_owned()), read_only: false, disable_destructive: false };
        assert!(format!("{:#}", tools(&offered, cnpg_mcp::tools).unwrap_err()).contains("did you mean `roles`"));
    }
}
