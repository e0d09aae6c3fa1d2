use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::Action;
use serde_json::json;

use crate::fixture::*;

fn instances(count: i64) -> Fields {
    Fields::new().set("spec", Fields::new().set("instances", count))
}

#[tokio::test]
async fn these_fields_and_no_others() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    // Someone else writes between reading and patching.
    ground
        .sandbox
        .store()
        .update(&clusters(), NAMESPACE, "main", |cluster| cluster["spec"]["other"] = json!("theirs"))
        .unwrap();
    let mut call = ground.call();
    let patched = call.patch(&cluster).set(instances(5)).send().await.unwrap();
    assert_eq!(patched.spec.instances, 5);
    let stored = ground.stored(&clusters(), "main");
    assert_eq!((&stored["spec"]["instances"], &stored["spec"]["other"]), (&json!(5), &json!("theirs")));
    let report = call.finish();
    assert_eq!(told(&report)["spec.instances"], (Some("3".into()), Some("5".into())));
}

#[tokio::test]
async fn where_it_already_is_so_nothing_is_sent() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    call.patch(&cluster).set(instances(3)).send().await.unwrap();
    assert_eq!(ground.asked("patch", "clusters"), 0);
    assert_eq!(call.finish().outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn lost_answers_end_well() {
    for action in [
        Action::DropAfter,
        Action::DropBefore,
        status(500, "", "etcdserver: request timed out"),
        status(409, "Conflict", "again"),
    ] {
        let ground = ground().await;
        let cluster = ground.cluster("main", json!([])).await;
        ground.once("patch", "clusters", action.clone());
        let patched = ground.call().patch(&cluster).set(instances(5)).send().await.unwrap();
        assert_eq!(patched.spec.instances, 5, "{action:?}");
        assert_eq!(ground.stored(&clusters(), "main")["spec"]["instances"], 5, "{action:?}");
    }
}

#[tokio::test]
async fn an_object_made_again_is_not_touched() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.call().delete(&cluster).send().await.unwrap();
    ground.cluster("main", json!([])).await;
    let failure = ground.call().patch(&cluster).set(instances(5)).send().await.unwrap_err();
    assert!(failure.what().contains("made again"), "{failure}");
    assert_eq!(ground.stored(&clusters(), "main")["spec"]["instances"], 3);
}

#[tokio::test]
async fn secrets_are_written_and_never_read() {
    let ground = ground().await;
    ground.secret("s", &json!({}));
    let mut call = ground.call();
    let secret = call.get::<Secret>(NAMESPACE, "s").required().await.unwrap();
    let password = SecretText::new("marked-password-1".into());
    ground.once("patch", "secrets", Action::DropBefore);
    call.patch(&secret)
        .set(Fields::new().set("stringData", Fields::new().set("password", &password)))
        .send()
        .await
        .unwrap();
    assert!(ground.stored(&secrets(), "s")["data"]["password"].is_string());
    let report = call.finish();
    assert_eq!(told(&report)["stringData.password"].1.as_deref(), Some("<new secret>"));
    assert!(!format!("{report:?}").contains("marked-password"));
}
