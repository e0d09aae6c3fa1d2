use cnpg_mcp_runtime::expression::random_password;
use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::{Value, json};

use crate::fixture::*;

async fn create(call: &mut Call, name: &str) -> Result<Cluster, Failure> {
    call.create::<Cluster>(NAMESPACE, name)
        .body(Fields::new().set("spec", Fields::new().set("instances", 2_i64)))
        .undo_delete()
        .send()
        .await
}

#[tokio::test]
async fn says_who_made_it_for_what() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    let secret = create_secret(&mut call, &cluster, "main-role-app", &random_password(32).unwrap()).await.unwrap();
    assert_eq!(secret.metadata.labels["app.kubernetes.io/managed-by"], "cnpg-mcp");
    assert_eq!(secret.metadata.annotations["cnpg-mcp.io/call-id"], "call-1");
    let stored = ground.stored(&secrets(), "main-role-app");
    assert_eq!(stored["metadata"]["ownerReferences"][0]["uid"], json!(cluster.metadata.uid));
    assert_eq!(stored["metadata"]["ownerReferences"][0].get("controller"), None);
    assert_eq!(stored["metadata"]["managedFields"][0]["manager"], "cnpg-mcp");
    let report = call.finish();
    assert_eq!(report.outcome, Outcome::Done);
    assert_eq!(report.changes.len(), 1);
    assert_eq!(report.changes[0].manifest, None);
    let agent = ground.sandbox.recorder().records().last().unwrap().request.user_agent.clone();
    assert_eq!(agent, format!("cnpg-mcp/{} (writes)", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading() {
    for action in [Action::DropAfter, Action::Truncate { bytes: 20 }] {
        let ground = ground().await;
        ground.once("create", "clusters", action.clone());
        let mut call = ground.call();
        let made = create(&mut call, "orders").await.unwrap();
        assert_eq!(made.spec.instances, 2, "{action:?}");
        assert_eq!(ground.asked("create", "clusters"), 1, "{action:?}");
        assert_eq!(call.finish().outcome, Outcome::Done);
    }
}

#[tokio::test]
async fn what_was_not_done_is_tried_again() {
    for action in
        [Action::DropBefore, status(503, "ServiceUnavailable", "busy"), status(429, "TooManyRequests", "slow down")]
    {
        let ground = ground().await;
        ground.once("create", "clusters", action.clone());
        create(&mut ground.call(), "orders").await.unwrap();
        assert_eq!(ground.asked("create", "clusters"), 2, "{action:?}");
    }
}

#[tokio::test]
async fn where_nothing_can_be_found_out_nothing_is_undone() {
    let ground = ground().await;
    let mut call = ground.call();
    create(&mut call, "first").await.unwrap();
    ground.once("create", "clusters", Action::DropAfter);
    ground.always("get", "clusters", status(503, "ServiceUnavailable", "busy"));
    let failure = create(&mut call, "second").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::ResultUnknown);
    let failure = call.undo(failure).await;
    assert_eq!(failure.leftovers().len(), 2);
    assert!(
        failure.markdown().contains("kubectl delete clusters.postgresql.cnpg.io second --namespace default"),
        "{}",
        failure.markdown()
    );
    assert!(!ground.stored(&clusters(), "first").is_null());
    assert!(!ground.stored(&clusters(), "second").is_null());
}

#[tokio::test]
async fn an_existing_object_is_never_overwritten() {
    let ground = ground().await;
    ground.cluster("orders", json!([])).await;
    let before = ground.stored(&clusters(), "orders");
    let mut call = ground.call();
    let failed = call
        .create::<Cluster>(NAMESPACE, "orders")
        .body(Fields::new().set("spec", Fields::new().set("instances", 1_i64)))
        .advice(AdviceOn::AlreadyExists, || "Choose another name.")
        .send()
        .await
        .unwrap_err();
    assert_eq!(failed.kind(), FailureKind::AlreadyExists);
    assert_eq!(failed.advice()[0], "Choose another name.");
    assert!(failed.why().unwrap().contains("already exists"));
    assert_eq!(ground.stored(&clusters(), "orders"), before);
}

#[tokio::test]
async fn what_a_killed_call_left_is_taken_over() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    create_secret(&mut ground.call(), &cluster, "s", &SecretText::new("old-password-old".into())).await.unwrap();
    let old = ground.stored(&secrets(), "s");

    let mut call = ground.call_with(With { id: "call-2", ..With::default() });
    let secret = create_secret(&mut call, &cluster, "s", &SecretText::new("new-password-new".into())).await.unwrap();
    let new = ground.stored(&secrets(), "s");
    assert_eq!(secret.metadata.uid, old["metadata"]["uid"].as_str().unwrap());
    assert_ne!(new["data"]["password"], old["data"]["password"]);
    assert_eq!(new["metadata"]["annotations"]["cnpg-mcp.io/call-id"], "call-2");
    assert_eq!(new["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
    // What this call did not create it does not delete.
    let failure = call.undo(Failure::refused("No.")).await;
    assert!(failure.leftovers()[0].what.contains("taken over"));
    assert!(!ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn a_foreign_secret_is_not_taken_over() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.secret("s", &json!({ "labels": { "app.kubernetes.io/managed-by": "helm" } }));
    let before = ground.stored(&secrets(), "s");
    let failure =
        create_secret(&mut ground.call(), &cluster, "s", &SecretText::new("some-password".into())).await.unwrap_err();
    assert_eq!(failure.what(), "A Secret `s` exists already and is not ours.");
    assert_eq!(ground.stored(&secrets(), "s"), before);
}

#[tokio::test]
async fn adoption_is_asked_again_where_the_object_changed_meanwhile() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    create_secret(&mut ground.call(), &cluster, "s", &SecretText::new("old-password-old".into())).await.unwrap();
    let gate = ground.sandbox.faults().hold(Match::on("patch", "secrets"));
    let mut call = ground.call_with(With { id: "call-2", ..With::default() });
    let adopting = tokio::spawn(async move {
        create_secret(&mut call, &cluster, "s", &SecretText::new("new-password-new".into())).await
    });
    gate.reached(1).await;
    // Someone takes the label off while the take-over is on its way.
    ground
        .sandbox
        .store()
        .update(&secrets(), NAMESPACE, "s", |secret| secret["metadata"]["labels"] = json!({}))
        .unwrap();
    drop(gate);
    let failure = adopting.await.unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::AlreadyExists);
    assert_eq!(ground.stored(&secrets(), "s")["metadata"]["annotations"]["cnpg-mcp.io/call-id"], "call-1");
}

#[tokio::test]
async fn an_object_that_is_going_is_not_taken_over() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.secret("s", &json!({ "finalizers": ["example.com/hold"] }));
    let secret = ground.call().get::<Secret>(NAMESPACE, "s").required().await.unwrap();
    ground.call().delete(&secret).send().await.unwrap();
    let failure =
        create_secret(&mut ground.call(), &cluster, "s", &SecretText::new("some-password".into())).await.unwrap_err();
    assert!(failure.what().contains("is being deleted"), "{failure}");
    assert!(failure.advice()[0].contains("example.com/hold"));
}

#[tokio::test]
async fn a_dry_run_asks_and_changes_nothing() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let before = ground.sandbox.snapshot();
    let mut call = ground.call_with(With { dry_run: true, ..With::default() });
    let secret = create_secret(&mut call, &cluster, "s", &SecretText::new("marked-password-1".into())).await.unwrap();
    assert_eq!(secret.metadata.resource_version, None);
    let cluster = add_role(&mut call, &cluster, "app").await.unwrap();
    assert_eq!(cluster.spec.managed.unwrap().roles.len(), 1);
    let cluster = ground.read("main").await;
    let scaled = call
        .patch(&cluster)
        .set(Fields::new().set("spec", Fields::new().set("instances", 5_i64)))
        .send()
        .await
        .unwrap();
    assert_eq!(scaled.spec.instances, 5);
    call.delete(&cluster).send().await.unwrap();
    let failure = call
        .create::<Cluster>(NAMESPACE, "bad")
        .body(Fields::new().set("spec", Fields::new().set("instances", 0_i64)))
        .send()
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Invalid);
    let report = call.finish();
    assert_eq!(report.outcome, Outcome::Planned);
    assert_eq!(report.changes.len(), 4);
    let manifest = report.changes[0].manifest.clone().unwrap();
    assert!(
        manifest.contains("password: <secret>")
            || manifest.contains("password: \"<secret>\"")
            || manifest.contains("password: '<secret>'"),
        "{manifest}"
    );
    assert!(!format!("{report:?}").contains("marked-password"));
    assert!(report.warnings.iter().any(|warning| warning.contains("dry run")));
    assert_eq!(ground.sandbox.snapshot(), before);
}

#[tokio::test]
async fn two_calls_for_one_name_end_with_one_object_and_one_owner() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let gate = ground.sandbox.faults().hold(Match::on("patch", "clusters"));
    // The first one makes the Secret and hangs before the role.
    let first = {
        let (mut call, cluster) = (ground.call_elsewhere(With::default()), cluster.clone());
        tokio::spawn(async move {
            let result = async {
                create_secret(&mut call, &cluster, "s", &SecretText::new("first-password-1".into())).await?;
                add_role(&mut call, &cluster, "app").await
            }
            .await;
            match result {
                Ok(_) => Ok(call.finish()),
                Err(failure) => Err(call.undo(failure).await),
            }
        })
    };
    gate.reached(1).await;
    // The second one takes it over, and wins.
    let second = {
        let (mut call, cluster) = (ground.call_elsewhere(With { id: "call-2", ..With::default() }), cluster.clone());
        tokio::spawn(async move {
            create_secret(&mut call, &cluster, "s", &SecretText::new("second-password-2".into())).await.unwrap();
            ground_role(&mut call, &cluster).await
        })
    };
    gate.reached(2).await;
    ground
        .sandbox
        .store()
        .update(&clusters(), NAMESPACE, "main", |cluster| {
            cluster["spec"]["managed"]["roles"] = json!([{ "name": "app", "ensure": "present" }]);
        })
        .unwrap();
    drop(gate);
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(second.is_err());
    let failure = first.unwrap_err();
    assert_eq!(failure.what(), "Role `app` already exists.");
    // The first one's undo sees that the Secret is not its own any more.
    assert!(failure.undone()[0].contains("taken over by another call"), "{failure:?} {:?}", failure.undone());
    assert_eq!(ground.stored(&secrets(), "s")["metadata"]["annotations"]["cnpg-mcp.io/call-id"], "call-2");
}

async fn ground_role(call: &mut Call, cluster: &Cluster) -> Result<Cluster, Failure> {
    add_role(call, cluster, "app").await
}

#[tokio::test]
async fn the_server_may_quote_the_request_but_no_secret_gets_out() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let quoted = r#"Secret is invalid: {"stringData":{"password":"marked-password-1"}} bWFya2VkLXBhc3N3b3JkLTE="#;
    ground.fault(Rule::new(Match::on("create", "secrets"), status(422, "Invalid", quoted)));
    let failure = create_secret(&mut ground.call(), &cluster, "s", &SecretText::new("marked-password-1".into()))
        .await
        .unwrap_err();
    for text in [failure.markdown(), failure.machine().to_string(), failure.to_string(), format!("{failure:?}")] {
        assert!(!text.contains("marked-password") && !text.contains("bWFya2Vk"), "{text}");
    }
    let mut call = ground.call_with(With { arguments: json!({ "password": "marked-password-2" }), ..With::default() });
    call.warn("The password marked-password-2 is weak.");
    let report = call.finish();
    assert_eq!(report.warnings, ["The password <secret> is weak."]);
    let mut output: Value = json!({ "x": ["marked-password-2"] });
    report.secrets.mask_value(&mut output);
    assert_eq!(output, json!({ "x": ["<secret>"] }));
}

#[tokio::test]
async fn what_may_still_be_stored_is_named() {
    let ground = ground().await;
    ground.always("create", "clusters", Action::DropBefore);
    let failure = create(&mut ground.call(), "orders").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unreachable);
    assert_eq!(
        failure.leftovers()[0].command.as_deref(),
        Some("kubectl delete clusters.postgresql.cnpg.io orders --namespace default")
    );
}

#[tokio::test]
async fn images_come_from_where_the_configuration_says() {
    assert_eq!(ground().await.call().image_registry(), "ghcr.io/cloudnative-pg");
}
