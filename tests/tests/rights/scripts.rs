//! For each tool, calls that go through every branch that asks something of the API.

use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_tests::client::Answer;
use cnpg_mcp_tests::server::Server;
use cnpg_mcp_tests::world::{EVERY_TOOL, World};
use serde_json::{Value, json};

/// One call, and what goes wrong meanwhile.
struct Step {
    arguments: Value,
    faults: Vec<Rule>,
    /// Words of the answer where it fails for all that it is allowed.
    fails: Option<&'static str>,
}

/// What a tool is put through.
pub struct Script {
    /// The tool.
    pub tool: &'static str,
    /// What has to be there.
    before: Vec<(&'static str, Value)>,
    steps: Vec<Step>,
}

/// What answers say where a right is missing, or what was begun is not taken back.
const MISSING: &[&str] = &["is forbidden", "could not be read", "needs `", "Left behind", "is not known"];

fn refusal() -> Action {
    Action::Status { code: 422, reason: Some("Invalid".into()), message: None, retry_after: None }
}

fn plain(tool: &'static str, arguments: Value) -> Script {
    Script { tool, before: Vec::new(), steps: vec![Step { arguments, faults: Vec::new(), fails: None }] }
}

impl Script {
    fn after(mut self, tool: &'static str, arguments: Value) -> Self {
        self.before.push((tool, arguments));
        self
    }

    fn then(mut self, arguments: Value) -> Self {
        self.steps.push(Step { arguments, faults: Vec::new(), fails: None });
        self
    }

    /// First, the same call where a request is refused.
    fn first_failing(mut self, arguments: Value, verbs: &[(&str, &str)], words: &'static str) -> Self {
        let faults = verbs.iter().map(|(verb, resource)| Rule::new(Match::on(verb, resource), refusal())).collect();
        self.steps.insert(self.steps.len() - 1, Step { arguments, faults, fails: Some(words) });
        self
    }

    /// The answer to the create of the last step is lost, so that what happened is read.
    fn losing(mut self, resource: &str) -> Self {
        let lost = Rule { times: Some(1), ..Rule::new(Match::on("create", resource), Action::DropAfter) };
        if let Some(last) = self.steps.last_mut() {
            last.faults.push(lost);
        }
        self
    }

    /// Makes what has to be there, by a server of the administrator that has every tool.
    pub async fn prepare(&self, world: &World) -> anyhow::Result<()> {
        if self.before.is_empty() {
            return Ok(());
        }
        let server = Server::start(&world.sandbox, EVERY_TOOL).await?;
        let client = server.client().await?;
        for (tool, arguments) in &self.before {
            let answer = client.call(tool, arguments.clone()).await?;
            anyhow::ensure!(!answer.is_error, "{tool}: {}", answer.text);
        }
        Ok(())
    }

    /// Plays the steps; what went otherwise than with all rights.
    pub async fn play(&self, world: &World) -> anyhow::Result<Vec<String>> {
        let mut complaints = Vec::new();
        for step in &self.steps {
            for fault in &step.faults {
                world.sandbox.faults().add(fault.clone());
            }
            let Answer { is_error, text, .. } = world.call(self.tool, step.arguments.clone()).await?;
            world.sandbox.faults().clear();
            let as_expected = match step.fails {
                Some(words) => is_error && text.contains(words),
                None => !is_error && !MISSING.iter().any(|words| text.contains(words)),
            };
            if !as_expected {
                complaints.push(format!("{}: {text}", self.tool));
            }
        }
        Ok(complaints)
    }
}

/// Every tool, in an order in which each finds what it needs.
pub fn all() -> Vec<Script> {
    let main = |more: Value| with(json!({ "name": "main-db" }), &more);
    let of_main = |more: Value| with(json!({ "cluster_name": "main-db" }), &more);
    let role = |name: &str| of_main(json!({ "role_name": name }));
    let database = |name: &str| of_main(json!({ "database_name": name }));
    let owned = |name: &str| with(database(name), &json!({ "owner": "billing" }));
    let waiting = json!({ "wait": true, "timeout": 30 });
    vec![
        plain("list_postgres_clusters", json!({ "all_namespaces": true })),
        plain("get_cluster_status", main(json!({ "detail_level": "detailed" }))),
        plain("list_postgres_roles", of_main(json!({}))),
        plain("list_postgres_databases", of_main(json!({}))),
        plain("get_role_status", role("reporting")),
        plain("get_database_status", database("orders")),
        plain("list_cluster_events", main(json!({}))),
        plain("get_instance_logs", main(json!({}))),
        plain("list_backups", of_main(json!({}))),
        plain("create_postgres_cluster", with(json!({ "name": "orders", "instances": 1 }), &waiting))
            .losing("clusters"),
        plain("scale_postgres_cluster", with(main(json!({ "instances": 2 })), &waiting)),
        plain("create_postgres_role", role("orphan"))
            // A later step that fails makes the earlier one be undone: that needs rights too.
            .first_failing(role("undone"), &[("patch", "clusters")], "Taken back")
            // What a killed call left behind is taken over.
            .first_failing(role("orphan"), &[("delete", "secrets"), ("patch", "clusters")], "Left behind"),
        plain("update_postgres_role", with(role("changed"), &json!({ "createdb": true })))
            .after("create_postgres_role", role("changed"))
            .then(with(role("changed"), &json!({ "rotate_password": true }))),
        plain("delete_postgres_role", role("leaving")).after("create_postgres_role", role("leaving")),
        plain("create_postgres_database", owned("my_db")).losing("databases"),
        plain("delete_postgres_database", database("old_db")).after("create_postgres_database", owned("old_db")),
        plain("create_backup", with(of_main(json!({ "backup_name": "by-hand" })), &waiting)).losing("backups"),
        plain("create_scheduled_backup", of_main(json!({ "schedule_name": "monthly", "schedule": "0 0 2 1 * *" })))
            .losing("scheduledbackups"),
        plain("delete_scheduled_backup", json!({ "schedule_name": "main-db-weekly" })),
        plain(
            "restore_cluster_from_backup",
            with(json!({ "backup_name": "main-db-nightly", "name": "restored", "instances": 1 }), &waiting),
        )
        .losing("clusters"),
        plain("resize_postgres_cluster", main(json!({ "storage_size": "40Gi" }))),
        plain("promote_cluster_instance", with(main(json!({ "instance": "main-db-2" })), &waiting)),
        plain("restart_postgres_cluster", main(waiting.clone())),
        plain("hibernate_postgres_cluster", with(json!({ "name": "analytics", "namespace": "data" }), &waiting)),
        plain("delete_postgres_cluster", main(json!({ "confirm_deletion": true })))
            .after("create_postgres_role", role("stays")),
    ]
}

fn with(mut arguments: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        arguments[key] = value.clone();
    }
    arguments
}
