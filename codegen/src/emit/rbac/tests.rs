use std::collections::BTreeSet;

use super::*;
use crate::emit::fixture;

fn tool<'p>(program: &'p Program, name: &str) -> &'p Tool {
    program.tools.iter().find(|tool| tool.name == name).expect("the tool is there")
}

fn needed(program: &Program, name: &str) -> Vec<String> {
    grants(program, tool(program, name))
        .iter()
        .map(|grant| format!("{}/{}: {}", grant.group, grant.resource, grant.verbs.join(" ")))
        .collect()
}

#[test]
fn each_verb_needs_what_its_requests_need() {
    let program = fixture::program();
    assert_eq!(needed(&program, "read_notes"), ["/notes: list"]);
    assert_eq!(
        needed(&program, "make_widget"),
        ["/notes: get list create patch delete", "shop.example/widgets: get watch patch"]
    );
    assert_eq!(needed(&program, "drop_widget"), ["shop.example/widgets: get delete"]);
    assert_eq!(needed(&program, "paint_widget"), ["shop.example/widgets: get patch"]);
}

#[test]
fn sets_have_the_rights_of_their_tools() {
    let program = fixture::program();
    let roles = roles(&program);
    let names: Vec<&str> = roles.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "all-tools.yaml",
            "drop_widget.yaml",
            "make_widget.yaml",
            "no-destructive.yaml",
            "paint_widget.yaml",
            "read-only.yaml",
            "read_notes.yaml",
            "toolset-notes-no-destructive.yaml",
            "toolset-notes-read-only.yaml",
            "toolset-notes.yaml",
            "toolset-widgets-no-destructive.yaml",
            "toolset-widgets-read-only.yaml",
            "toolset-widgets.yaml",
        ]
    );
    for (name, text) in &roles {
        let role: serde_json::Value =
            serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        assert_eq!(role["kind"], "ClusterRole", "{name}");
        assert_eq!(
            role["metadata"]["name"],
            format!("cnpg-mcp-{}", name.trim_end_matches(".yaml").replace('_', "-")).as_str()
        );
        let rights: BTreeSet<String> = role["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .flat_map(|rule| {
                let (group, resource) = (rule["apiGroups"][0].clone(), rule["resources"][0].clone());
                let verbs = rule["verbs"].as_array().expect("verbs").clone();
                verbs.into_iter().map(move |verb| format!("{group} {resource} {verb}"))
            })
            .collect();
        let tools: Vec<&Tool> = match name.as_str() {
            "all-tools.yaml" => program.tools.iter().collect(),
            "no-destructive.yaml" => {
                vec![tool(&program, "make_widget"), tool(&program, "paint_widget"), tool(&program, "read_notes")]
            }
            "toolset-widgets-read-only.yaml" => Vec::new(),
            "toolset-widgets-no-destructive.yaml" => {
                vec![tool(&program, "make_widget"), tool(&program, "paint_widget")]
            }
            "read-only.yaml"
            | "toolset-notes.yaml"
            | "toolset-notes-read-only.yaml"
            | "toolset-notes-no-destructive.yaml" => vec![tool(&program, "read_notes")],
            "toolset-widgets.yaml" => program.tools.iter().filter(|tool| tool.toolset == "widgets").collect(),
            own => vec![tool(&program, own.trim_end_matches(".yaml"))],
        };
        let wanted: BTreeSet<String> = tools
            .into_iter()
            .flat_map(|tool| grants(&program, tool))
            .flat_map(|grant| {
                grant
                    .verbs
                    .iter()
                    .map(|verb| format!("{:?} {:?} {verb:?}", grant.group, grant.resource))
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(rights, wanted, "{name}");
    }
}

#[test]
fn what_can_be_left_out_is_said() {
    let program = fixture::program();
    let roles = roles(&program);
    let text = |name: &str| &roles.iter().find(|(file, _)| file == name).expect("the file is there").1;
    // `make_widget` goes on without the list, but not without its own note.
    assert!(!text("make_widget.yaml").contains("left out"));
    assert!(text("read_notes.yaml").contains("Only metadata is ever read"));
    let mut relaxed = program.clone();
    for tool in &mut relaxed.tools {
        tool.steps.retain(|step| !matches!(step.verb, Verb::Create(_)));
    }
    let make = tool(&relaxed, "make_widget");
    assert!(rules(&relaxed, &grants(&relaxed, make), &[make]).starts_with("# Only metadata is ever read; Kubernetes has no right for that alone.\n# Can be left out: the answer then says what is missing.\n- apiGroups: [\"\"]\n"));
}

/// The chart makes a role in a namespace of what is in namespaces, and has to know the rest.
#[test]
fn the_chart_is_told_what_is_in_no_namespace() {
    let mut program = fixture::program();
    let resources = |program: &Program| {
        let files = for_chart(program);
        let (_, text) = files.iter().find(|(name, _)| name == "cluster-scoped.yaml").expect("it is there");
        let read: serde_json::Value = serde_yaml::from_str(text).expect("it is YAML");
        (read["resources"].clone(), files)
    };
    let (none, files) = resources(&program);
    assert_eq!(none, serde_json::json!([]));
    // Rights of single tools are not the chart's.
    assert!(files.iter().all(|(name, _)| !name.contains('_')));
    assert_eq!(files.len(), 1 + roles(&program).iter().filter(|(name, _)| name.contains('-')).count());
    let widgets = program.kinds.iter_mut().find(|kind| kind.plural == "widgets").expect("it is there");
    widgets.namespaced = false;
    assert_eq!(resources(&program).0, serde_json::json!(["shop.example/widgets"]));
}
