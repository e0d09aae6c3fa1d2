use std::time::Duration;

use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::json;

use crate::fixture::*;

fn roles(ground: &Ground) -> Vec<String> {
    let cluster = ground.stored(&clusters(), "main");
    cluster["spec"]["managed"]["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn one_element_changes_and_nothing_else() {
    let ground = ground().await;
    let others = json!([{ "name": "a", "futureField": { "x": [1] } }, { "name": "b", "login": false, "futureField": 7 }, { "name": "c" }]);
    let cluster = ground.cluster("main", others).await;
    let mut call = ground.call();
    call.edit(&cluster)
        .element::<Role>(&["spec", "managed", "roles"], "name", "b")
        .set(|before| Ok(Fields::new().set("login", !before.unwrap().login.unwrap()).set("inherit", None::<bool>)))
        .send()
        .await
        .unwrap();
    let stored = ground.stored(&clusters(), "main");
    assert_eq!(
        stored["spec"]["managed"]["roles"],
        json!([{ "name": "a", "futureField": { "x": [1] } }, { "name": "b", "login": true, "futureField": 7 }, { "name": "c" }])
    );
    assert_eq!(stored["spec"]["undescribed"], json!({ "kept": true }));
    let report = call.finish();
    assert_eq!(told(&report)["spec.managed.roles[b].login"], (Some("false".into()), Some("true".into())));
}

#[tokio::test]
async fn put_replaces_and_remove_takes_away() {
    let ground = ground().await;
    let cluster = ground
        .cluster("main", json!([{ "name": "b", "ensure": "absent", "old": 1, "passwordSecret": { "name": "s" } }]))
        .await;
    let mut call = ground.call();
    call.edit(&cluster)
        .element::<Role>(&["spec", "managed", "roles"], "name", "b")
        .set(|_| Ok(Fields::new().set("login", true)))
        .remove(&["passwordSecret"])
        .send()
        .await
        .unwrap();
    assert_eq!(
        ground.stored(&clusters(), "main")["spec"]["managed"]["roles"],
        json!([{ "name": "b", "ensure": "absent", "old": 1, "login": true }])
    );
    add_role(&mut call, &cluster, "b").await.unwrap();
    assert_eq!(
        ground.stored(&clusters(), "main")["spec"]["managed"]["roles"],
        json!([{ "name": "b", "ensure": "present", "login": true }])
    );
}

#[tokio::test]
async fn where_it_already_is_so_nothing_is_sent() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([{ "name": "b", "login": true }])).await;
    let mut call = ground.call();
    call.edit(&cluster)
        .element::<Role>(&["spec", "managed", "roles"], "name", "b")
        .set(|_| Ok(Fields::new().set("login", true)))
        .send()
        .await
        .unwrap();
    assert_eq!(ground.asked("patch", "clusters"), 0);
    assert_eq!(call.finish().outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn fifty_at_once_lose_none() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let calls = (0..50).map(|number| {
        // Half of them in another process.
        let mut call = if number % 2 == 0 { ground.call() } else { ground.call_elsewhere(With::default()) };
        let cluster = cluster.clone();
        tokio::spawn(async move { add_role(&mut call, &cluster, &format!("role{number}")).await.map(|_| ()) })
    });
    // The operator writes status all the while.
    let store = ground.sandbox.store().clone();
    let writing = tokio::spawn(async move {
        for number in 0..60 {
            let _ = store.update_status(&clusters(), NAMESPACE, "main", |cluster| {
                cluster["status"] = json!({ "readyInstances": number });
            });
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    writing.abort();
    let mut found = roles(&ground);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 50);
}

#[tokio::test]
async fn lost_answers_and_conflicts_end_well() {
    for action in [
        Action::DropAfter,
        Action::DropBefore,
        Action::Truncate { bytes: 5 },
        status(504, "Timeout", "request did not complete"),
    ] {
        let ground = ground().await;
        let cluster = ground.cluster("main", json!([])).await;
        ground.once("patch", "clusters", action.clone());
        let mut call = ground.call();
        let cluster = add_role(&mut call, &cluster, "app").await.unwrap();
        assert_eq!(cluster.spec.managed.unwrap().roles.len(), 1, "{action:?}");
        assert_eq!(roles(&ground), ["app"], "{action:?}");
        assert_eq!(call.finish().changes.len(), 1, "{action:?}");
    }
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.fault(Rule {
        times: Some(6),
        ..Rule::new(Match::on("patch", "clusters"), status(409, "Conflict", "the object has been modified"))
    });
    add_role(&mut ground.call(), &cluster, "app").await.unwrap();
    assert_eq!(roles(&ground), ["app"]);
}

#[tokio::test]
async fn a_storm_of_conflicts_ends_with_the_deadline() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.always("patch", "clusters", status(409, "Conflict", "the object has been modified"));
    let mut call = ground.call_with(With { time: Duration::from_secs(1), ..With::default() });
    let begun = std::time::Instant::now();
    let failure = add_role(&mut call, &cluster, "app").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Conflict);
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(failure.advice().iter().any(|advice| advice.contains("call again")));
}

#[tokio::test]
async fn the_guard_is_asked_on_every_attempt() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let gate = ground.sandbox.faults().hold(Match::on("patch", "clusters"));
    let mut call = ground.call();
    let editing = tokio::spawn(async move { add_role(&mut call, &cluster, "app").await });
    gate.reached(1).await;
    ground
        .sandbox
        .store()
        .update(&clusters(), NAMESPACE, "main", |cluster| {
            cluster["spec"]["managed"]["roles"] = json!([{ "name": "app", "login": false }]);
        })
        .unwrap();
    drop(gate);
    let failure = editing.await.unwrap().unwrap_err();
    assert_eq!((failure.kind(), failure.what()), (FailureKind::Refused, "Role `app` already exists."));
    assert_eq!(
        ground.stored(&clusters(), "main")["spec"]["managed"]["roles"],
        json!([{ "name": "app", "login": false }])
    );
}

#[tokio::test]
async fn an_object_made_again_is_not_touched() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.call().delete(&cluster).send().await.unwrap();
    ground.cluster("main", json!([])).await;
    let failure = add_role(&mut ground.call(), &cluster, "app").await.unwrap_err();
    assert!(failure.what().contains("made again"), "{failure}");
    assert!(roles(&ground).is_empty());
}

#[tokio::test]
async fn when_nothing_can_be_read_the_result_is_unknown() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &SecretText::new("some-password".into())).await.unwrap();
    ground.once("patch", "clusters", Action::DropAfter);
    ground.fault(Rule::new(Match::on("get", "clusters"), status(500, "InternalError", "etcd is gone")).after(1));
    let failure = add_role(&mut call, &cluster, "app").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::ResultUnknown);
    let failure = call.undo(failure).await;
    assert!(failure.undone().is_empty());
    assert!(failure.markdown().contains("kubectl delete secrets s --namespace default"), "{}", failure.markdown());
    assert!(!ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn a_guard_that_fails_after_a_lost_answer_leaves_the_result_unknown() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call();
    create_secret(&mut call, &cluster, "s", &SecretText::new("some-password".into())).await.unwrap();
    // The write is stored, its answer lost, and someone changes the element before it is read again.
    ground.once("patch", "clusters", Action::DropAfter);
    let gate = ground.sandbox.faults().hold(Match::on("get", "clusters"));
    let editing = tokio::spawn(async move { (add_role(&mut call, &cluster, "app").await, call) });
    gate.reached(1).await;
    gate.release(1);
    for _ in 0..500 {
        if !roles(&ground).is_empty() && gate.held() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ground
        .sandbox
        .store()
        .update(&clusters(), NAMESPACE, "main", |cluster| {
            cluster["spec"]["managed"]["roles"][0]["login"] = json!(false);
        })
        .unwrap();
    drop(gate);
    let (result, call) = editing.await.unwrap();
    let failure = result.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::ResultUnknown, "{failure:?}");
    call.undo(failure).await;
    // The role may refer to it.
    assert!(!ground.stored(&secrets(), "s").is_null());
}
