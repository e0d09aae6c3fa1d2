use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::json;

use crate::fixture::*;

#[tokio::test]
async fn deletes_what_was_read() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    call.delete(&cluster).send().await.unwrap();
    assert!(ground.stored(&clusters(), "main").is_null());
    let report = call.finish();
    assert_eq!(report.changes[0].action.as_str(), "delete");
}

#[tokio::test]
async fn and_not_what_was_made_again() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.call().delete(&cluster).send().await.unwrap();
    ground.cluster("main", json!([])).await;
    let failure = ground.call().delete(&cluster).send().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Conflict);
    assert!(!ground.stored(&clusters(), "main").is_null());
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    for action in [Action::DropAfter, Action::DropBefore, status(503, "ServiceUnavailable", "busy")] {
        let ground = ground().await;
        let cluster = ground.cluster("main", json!([])).await;
        ground.once("delete", "clusters", action.clone());
        ground.call().delete(&cluster).send().await.unwrap();
        assert!(ground.stored(&clusters(), "main").is_null(), "{action:?}");
    }
    // Without such an attempt, "not found" is a failure.
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.call().delete(&cluster).send().await.unwrap();
    assert_eq!(ground.call().delete(&cluster).send().await.unwrap_err().kind(), FailureKind::NotFound);
}

#[tokio::test]
async fn a_fan_out_goes_on_after_a_failure() {
    let ground = ground().await;
    for name in ["a", "b", "c", "d"] {
        ground.secret(name, &json!({}));
    }
    let mut call = ground.call();
    let secrets_found = call.list::<Secret>(Scope::Namespace(NAMESPACE)).all().await.unwrap();
    ground.fault(Rule::new(
        Match::on("delete", "secrets").named("b"),
        status(403, "Forbidden", "secrets \"b\" is forbidden: no"),
    ));
    // One is gone already.
    let gone = secrets_found.iter().find(|secret| secret.metadata.name == "c").unwrap();
    ground.call().delete(gone).send().await.unwrap();
    let deleted = call.delete_each(&secrets_found).await.unwrap();
    assert_eq!(deleted.done, ["a", "c", "d"]);
    assert_eq!(deleted.failed, [FailedDelete { name: "b".into(), reason: "secrets \"b\" is forbidden: no".into() }]);
    assert_eq!(call.finish().outcome, Outcome::Partial);
    assert!(!ground.stored(&secrets(), "b").is_null());
}
