//! Managed roles and `DatabaseRole` objects.

use serde_json::{Value, json};

use crate::fixture::{Ground, cluster, cnpg, core, ground};

const PG1: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters/pg1";

async fn with_roles(roles: Value) -> Ground {
    let ground = ground().await;
    let mut object = cluster("pg1", 1);
    object["spec"]["managed"] = json!({"roles": roles});
    ground.healthy(object).await;
    ground
}

fn listed(cluster: &Value, status: &str, role: &str) -> bool {
    let list = cluster["status"]["managedRolesStatus"]["byStatus"][status].as_array();
    list.into_iter().flatten().any(|name| name == role)
}

#[tokio::test]
async fn a_role_is_made_with_its_attributes_and_password() {
    let ground = with_roles(json!([])).await;
    let secret = ground.secret("u1", "u1", "first").await;
    let role = json!({"name": "u1", "login": true, "createdb": true, "inRoles": ["pg_monitor"], "passwordSecret": {"name": "u1"}});
    ground.patch(PG1, json!({"spec": {"managed": {"roles": [role]}}})).await;
    let done = ground.until(PG1, |cluster| listed(cluster, "reconciled", "u1")).await;
    let status = &done["status"]["managedRolesStatus"];
    assert!(listed(&done, "reserved", "postgres") && listed(&done, "not-managed", "app"));
    assert_eq!(status["passwordStatus"]["u1"]["resourceVersion"], secret["metadata"]["resourceVersion"]);
    let facts = ground.sandbox.operator().postgres().contents("default", "pg1").unwrap().roles["u1"].clone();
    assert!(facts.login && facts.createdb && facts.inherit && !facts.superuser);
    assert!(facts.in_roles.contains("pg_monitor"));
    assert_eq!(ground.sandbox.operator().postgres().password("default", "pg1", "u1").as_deref(), Some("first"));

    // A new password in the Secret arrives.
    ground.patch(&core("secrets/u1"), json!({"stringData": {"password": "second"}})).await;
    let version = ground.get(&core("secrets/u1")).await["metadata"]["resourceVersion"].clone();
    ground
        .until(PG1, |cluster| {
            cluster["status"]["managedRolesStatus"]["passwordStatus"]["u1"]["resourceVersion"] == version
        })
        .await;
    assert_eq!(ground.sandbox.operator().postgres().password("default", "pg1", "u1").as_deref(), Some("second"));
}

#[tokio::test]
async fn changed_attributes_arrive() {
    let ground = with_roles(json!([{"name": "u1", "login": true, "connectionLimit": 5}])).await;
    ground.until(PG1, |cluster| listed(cluster, "reconciled", "u1")).await;
    let before = ground.get(PG1).await["status"]["managedRolesStatus"]["passwordStatus"]["u1"]["transactionID"].clone();
    let roles = json!([{"name": "u1", "login": true, "createrole": true, "inherit": false}]);
    ground.patch(PG1, json!({"spec": {"managed": {"roles": roles}}})).await;
    ground
        .until(PG1, |cluster| {
            let state = &cluster["status"]["managedRolesStatus"]["passwordStatus"]["u1"];
            listed(cluster, "reconciled", "u1") && state["transactionID"] != before
        })
        .await;
    let facts = ground.sandbox.operator().postgres().contents("default", "pg1").unwrap().roles["u1"].clone();
    assert!(facts.login && facts.createrole && !facts.inherit);
    assert_eq!(facts.connection_limit, -1);
}

#[tokio::test]
async fn the_status_says_pending_before_it_says_reconciled() {
    let ground = with_roles(json!([])).await;
    let patched = ground.patch(PG1, json!({"spec": {"managed": {"roles": [{"name": "u1"}]}}})).await;
    ground.until(PG1, |cluster| listed(cluster, "reconciled", "u1")).await;
    let since = patched["metadata"]["resourceVersion"].as_str().unwrap();
    let watch = format!("{}?watch=1&timeoutSeconds=1&resourceVersion={since}", cnpg("clusters"));
    let events = ground.client.get(ground.url(&watch)).send().await.unwrap().text().await.unwrap();
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert!(listed(&first["object"], "pending-reconciliation", "u1"), "{first}");
}

#[tokio::test]
async fn absent_roles_are_dropped_and_removed_ones_stay() {
    let ground = with_roles(json!([{"name": "u1"}, {"name": "u2"}])).await;
    ground.until(PG1, |cluster| listed(cluster, "reconciled", "u1") && listed(cluster, "reconciled", "u2")).await;
    ground.patch(PG1, json!({"spec": {"managed": {"roles": [{"name": "u1", "ensure": "absent"}]}}})).await;
    ground.until(PG1, |cluster| listed(cluster, "not-managed", "u2") && listed(cluster, "reconciled", "u1")).await;
    let contents = ground.sandbox.operator().postgres().contents("default", "pg1").unwrap();
    assert!(!contents.has_role("u1"));
    assert!(contents.has_role("u2"), "a role that is only taken off the list stays in PostgreSQL");
}

#[tokio::test]
async fn what_cannot_be_reconciled_says_why() {
    let ground = with_roles(json!([{"name": "owner1"}])).await;
    ground.until(PG1, |cluster| listed(cluster, "reconciled", "owner1")).await;
    ground.create(&cnpg("databases"), json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": "d1"},
        "spec": {"name": "d1", "owner": "owner1", "cluster": {"name": "pg1"}, "databaseReclaimPolicy": "delete"},
    }))
    .await;
    ground.until(&cnpg("databases/d1"), |database| database["status"]["applied"] == true).await;
    ground
        .patch(
            PG1,
            json!({"spec": {"managed": {"roles": [
                {"name": "owner1", "ensure": "absent"},
                {"name": "member", "inRoles": ["nobody"]},
                {"name": "locked", "passwordSecret": {"name": "missing"}},
            ]}}}),
        )
        .await;
    let said = ground
        .until(PG1, |cluster| {
            cluster["status"]["managedRolesStatus"]["cannotReconcile"].as_object().is_some_and(|map| map.len() == 3)
        })
        .await;
    let reasons = &said["status"]["managedRolesStatus"]["cannotReconcile"];
    assert_eq!(reasons["owner1"], json!(["could not perform DELETE on role owner1: owner of database d1"]));
    assert!(reasons["member"][0].as_str().unwrap().contains("role \"nobody\" does not exist"));
    assert!(reasons["locked"][0].as_str().unwrap().contains("secrets \"missing\" not found"));

    // What held them up goes, and they follow.
    ground.secret("missing", "locked", "x").await;
    assert_eq!(ground.delete(&cnpg("databases/d1")).await, 200);
    ground
        .until(PG1, |cluster| listed(cluster, "reconciled", "owner1") && listed(cluster, "reconciled", "locked"))
        .await;
}

#[tokio::test]
async fn an_annotation_makes_a_role_fail() {
    let ground = with_roles(json!([])).await;
    let why = "u1: permission denied to create role";
    ground
        .patch(
            PG1,
            json!({
                "metadata": {"annotations": {"sandbox.cnpg-mcp/role-cannot-reconcile": why}},
                "spec": {"managed": {"roles": [{"name": "u1"}, {"name": "u2"}]}},
            }),
        )
        .await;
    let said = ground.until(PG1, |cluster| listed(cluster, "reconciled", "u2")).await;
    let reason = &said["status"]["managedRolesStatus"]["cannotReconcile"]["u1"];
    assert_eq!(*reason, json!(["permission denied to create role"]));
    assert!(!ground.sandbox.operator().postgres().contents("default", "pg1").unwrap().has_role("u1"));
    ground.patch(PG1, json!({"metadata": {"annotations": null}})).await;
    ground.until(PG1, |cluster| listed(cluster, "reconciled", "u1")).await;
}

#[tokio::test]
async fn declared_roles_follow_their_objects() {
    let ground = with_roles(json!([{"name": "taken"}])).await;
    let role = |name: &str, role: &str, policy: &str| {
        json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "DatabaseRole", "metadata": {"name": name},
            "spec": {"name": role, "cluster": {"name": "pg1"}, "login": true, "databaseRoleReclaimPolicy": policy},
        })
    };
    ground.create(&cnpg("databaseroles"), role("kept", "kept", "retain")).await;
    ground.create(&cnpg("databaseroles"), role("dropped", "dropped", "delete")).await;
    ground.create(&cnpg("databaseroles"), role("taken", "taken", "retain")).await;
    for name in ["kept", "dropped"] {
        ground.until(&cnpg(&format!("databaseroles/{name}")), |role| role["status"]["applied"] == true).await;
    }
    let refused = ground.until(&cnpg("databaseroles/taken"), |role| role["status"]["applied"] == false).await;
    assert_eq!(refused["status"]["message"], "database role is already managed by the CNPG cluster");
    for name in ["kept", "dropped"] {
        ground.delete(&cnpg(&format!("databaseroles/{name}"))).await;
        ground.gone(&cnpg(&format!("databaseroles/{name}"))).await;
    }
    let contents = ground.sandbox.operator().postgres().contents("default", "pg1").unwrap();
    assert!(contents.has_role("kept") && !contents.has_role("dropped"));
}

#[tokio::test]
async fn roles_added_at_once_all_arrive() {
    let ground = with_roles(json!([])).await;
    let add = |number: usize| {
        let role = json!([{"op": "add", "path": "/spec/managed/roles/-", "value": {"name": format!("u{number:02}")}}]);
        let request = ground.client.patch(ground.url(PG1)).header("content-type", "application/json-patch+json");
        async move { request.body(role.to_string()).send().await.unwrap().status().as_u16() }
    };
    let statuses = futures::future::join_all((0..40).map(add)).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let done = ground
        .until(PG1, |cluster| {
            let list = cluster["status"]["managedRolesStatus"]["byStatus"]["reconciled"].as_array();
            list.is_some_and(|list| list.len() == 40)
        })
        .await;
    assert_eq!(done["spec"]["managed"]["roles"].as_array().unwrap().len(), 40);
    let contents = ground.sandbox.operator().postgres().contents("default", "pg1").unwrap();
    assert!((0..40).all(|number| contents.has_role(&format!("u{number:02}"))));
}
