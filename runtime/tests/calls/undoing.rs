use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::json;

use crate::fixture::*;

fn password() -> SecretText {
    SecretText::new("some-password".into())
}

async fn set_login(call: &mut Call, cluster: &Cluster) -> Result<Cluster, Failure> {
    call.edit(cluster)
        .element::<Role>(&["spec", "managed", "roles"], "name", "b")
        .set(|_| Ok(Fields::new().set("login", true)))
        .undo_restore()
        .send()
        .await
}

#[tokio::test]
async fn what_was_made_goes_again() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    ground.always(
        "patch",
        "clusters",
        status(403, "Forbidden", "clusters \"main\" is forbidden: User \"x\" cannot patch resource"),
    );
    let failure = add_role(&mut call, &cluster, "app").await.unwrap_err();
    let failure = call.undo(failure).await;
    assert_eq!(failure.kind(), FailureKind::Forbidden);
    assert_eq!(failure.undone(), ["Secret `s` in namespace `default` was deleted again."]);
    assert!(failure.leftovers().is_empty());
    assert!(ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn it_goes_although_someone_touched_it() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    ground
        .sandbox
        .store()
        .update(&secrets(), NAMESPACE, "s", |secret| secret["metadata"]["labels"]["seen"] = json!("yes"))
        .unwrap();
    let failure = call.undo(Failure::refused("No.")).await;
    assert_eq!(failure.undone().len(), 1);
    assert!(ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn an_undo_that_fails_names_what_is_left() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    ground.always("delete", "secrets", status(403, "Forbidden", "no deleting"));
    let failure = call.undo(Failure::refused("The first error.")).await;
    assert_eq!(failure.what(), "The first error.");
    assert_eq!(failure.leftovers()[0].command.as_deref(), Some("kubectl delete secrets s --namespace default"));
    assert!(failure.leftovers()[0].what.contains("no deleting"));
}

#[tokio::test]
async fn an_undo_gets_over_passing_faults() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    ground.fault(Rule { times: Some(2), ..Rule::new(Match::on("delete", "secrets"), Action::DropBefore) });
    assert_eq!(call.undo(Failure::refused("No.")).await.undone().len(), 1);
    assert!(ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn it_goes_on_where_the_caller_is_dropped() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    let gate = ground.sandbox.faults().hold(Match::on("delete", "secrets"));
    let undoing = tokio::spawn(call.undo(Failure::cancelled()));
    gate.reached(1).await;
    undoing.abort();
    let _ = undoing.await;
    drop(gate);
    ground.kubernetes.settled().await;
    assert!(ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn an_element_is_put_back() {
    let ground = ground().await;
    let role = json!({ "name": "b", "login": false, "futureField": 1 });
    let cluster = ground.cluster("main", json!([role])).await;
    let mut call = ground.call();
    set_login(&mut call, &cluster).await.unwrap();
    ground
        .sandbox
        .store()
        .update(&clusters(), NAMESPACE, "main", |cluster| cluster["spec"]["other"] = json!(1))
        .unwrap();
    let failure = call.undo(Failure::refused("No.")).await;
    assert_eq!(failure.undone().len(), 1, "{failure:?}");
    assert_eq!(ground.stored(&clusters(), "main")["spec"]["managed"]["roles"], json!([role]));
}

#[tokio::test]
async fn an_element_that_someone_changed_since_stays() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([{ "name": "b", "login": false }])).await;
    let mut call = ground.call();
    set_login(&mut call, &cluster).await.unwrap();
    let theirs = json!([{ "name": "b", "ensure": "absent" }]);
    ground
        .sandbox
        .store()
        .update(&clusters(), NAMESPACE, "main", |cluster| cluster["spec"]["managed"]["roles"] = theirs.clone())
        .unwrap();
    let failure = call.undo(Failure::refused("No.")).await;
    assert!(failure.leftovers()[0].what.contains("someone else changed it since"), "{:?}", failure.leftovers());
    assert_eq!(ground.stored(&clusters(), "main")["spec"]["managed"]["roles"], theirs);
}

#[tokio::test]
async fn nothing_before_a_step_without_undo_is_taken_back() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    add_role(&mut call, &cluster, "app").await.unwrap();
    // The role needs the Secret.
    let failure = call.undo(Failure::refused("Something later.")).await;
    assert!(failure.undone().is_empty());
    assert_eq!(failure.leftovers().len(), 2);
    assert!(!ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn a_cancelled_call_stops_between_steps() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let with = With::default();
    let cancellation = with.cancellation.clone();
    let mut call = ground.call_with(with);
    create_secret(&mut call, &cluster, "s", &password()).await.unwrap();
    cancellation.cancel();
    let failure = add_role(&mut call, &cluster, "app").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Cancelled);
    assert_eq!(call.undo(failure).await.undone().len(), 1);
    assert_eq!(ground.asked("patch", "clusters"), 0);
}
