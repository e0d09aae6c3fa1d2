//! A server that works with the token of a service account, and what that account may do.

use cnpg_mcp_tests::server::Server;
use cnpg_mcp_tests::world::{self, World};
use serde_json::{Value, json};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// A right: API group, resource with subresource, verb.
pub type Right = (String, String, String);

/// The rules in one of the files that the chart makes its roles of.
pub fn rules(file: &str) -> anyhow::Result<Vec<Value>> {
    read("chart/files/rbac", file)
}

/// The rules of one tool alone, which are for people: the chart gives rights by toolset.
pub fn rules_of_tool(tool: &str) -> anyhow::Result<Vec<Value>> {
    read("generated/rbac", tool)
}

fn read(folder: &str, file: &str) -> anyhow::Result<Vec<Value>> {
    let path = world::root().join(folder).join(format!("{file}.yaml"));
    let role: Value = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
    Ok(role["rules"].as_array().cloned().unwrap_or_default())
}

/// Rules, taken apart.
pub fn rights(rules: &[Value]) -> Vec<Right> {
    let list = |rule: &Value, field: &str| -> Vec<String> {
        rule[field].as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let mut rights = Vec::new();
    for rule in rules {
        for group in list(rule, "apiGroups") {
            for resource in list(rule, "resources") {
                rights.extend(list(rule, "verbs").into_iter().map(|verb| (group.clone(), resource.clone(), verb)));
            }
        }
    }
    rights
}

/// Rules, less one right.
pub fn without(rules: &[Value], right: &Right) -> Vec<Value> {
    let left = rights(rules).into_iter().filter(|other| other != right);
    left.map(|(group, resource, verb)| json!({ "apiGroups": [group], "resources": [resource], "verbs": [verb] }))
        .collect()
}

/// A world whose server has these flags and is nobody but its account. That may do nothing yet.
pub async fn world(flags: &[&str]) -> anyhow::Result<World> {
    let sandbox = world::sandbox().start().await?;
    let server = Server::start_with(&sandbox.kubeconfig_of("default", "cnpg-mcp")?, flags).await?;
    let client = server.client().await?;
    let world = World { sandbox, server, client };
    let object = |kind: &str, more: Value| {
        let mut object = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": "cnpg-mcp" },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        object
    };
    let subject = json!({ "kind": "ServiceAccount", "name": "cnpg-mcp", "namespace": "default" });
    let role = json!({ "kind": "ClusterRole", "name": "cnpg-mcp" });
    for (path, object) in [
        ("clusterroles", object("ClusterRole", json!({ "rules": [] }))),
        ("clusterrolebindings", object("ClusterRoleBinding", json!({ "subjects": [subject], "roleRef": role }))),
    ] {
        let (code, answer) = world.kubernetes("POST", &format!("{RBAC}/{path}"), Some(object)).await?;
        anyhow::ensure!(code == 201, "{answer}");
    }
    Ok(world)
}

/// From now on the account may do that, and nothing else.
pub async fn may(world: &World, rules: &[Value]) -> anyhow::Result<()> {
    let path = format!("{RBAC}/clusterroles/cnpg-mcp");
    let (code, answer) = world.kubernetes("PATCH", &path, Some(json!({ "rules": rules }))).await?;
    anyhow::ensure!(code == 200, "{answer}");
    Ok(())
}
