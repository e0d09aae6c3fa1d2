use std::sync::Arc;
use std::time::{Duration, Instant};

use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::json;

use crate::fixture::*;

fn ready(ground: &Ground, instances: i64, phase: &str) {
    let status = json!({ "readyInstances": instances, "phase": phase });
    ground
        .sandbox
        .store()
        .update_status(&clusters(), NAMESPACE, "main", |cluster| cluster["status"] = status.clone())
        .unwrap();
}

async fn wait(call: &mut Call, cluster: &Cluster, seconds: i64) -> Result<Cluster, Failure> {
    let count = |cluster: &Cluster| cluster.status.as_ref().and_then(|status| status.ready_instances).unwrap_or(0);
    call.wait(cluster)
        .until(move |cluster| Ok(count(cluster) == 3))
        .fail(|cluster| {
            let broken = cluster.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Broken");
            Ok(broken.then(|| "The disk is gone.".to_owned()))
        })
        .progress(move |cluster| {
            let say = cluster.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default();
            Ok(Progress { done: count(cluster), of: 3, say })
        })
        .timeout(seconds)
        .run()
        .await
}

/// Waits in a task while the test goes on; resolves when the watch is open.
async fn waiting(
    ground: &Ground,
    with: With,
    seconds: i64,
) -> tokio::task::JoinHandle<(Result<Cluster, Failure>, Call)> {
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call_with(with);
    let waiting = tokio::spawn(async move {
        let result = wait(&mut call, &cluster, seconds).await;
        (result, call)
    });
    for _ in 0..500 {
        if ground.asked("watch", "clusters") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    waiting
}

#[tokio::test]
async fn follows_by_watch_and_reports() {
    let ground = ground().await;
    let reported = Arc::new(Reported::default());
    let waiting = waiting(&ground, With { progress: reported.clone(), ..With::default() }, 20).await;
    for (instances, phase) in
        [(1, "Setting up primary"), (2, "Creating a new replica"), (3, "Cluster in healthy state")]
    {
        ready(&ground, instances, phase);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (cluster, call) = waiting.await.unwrap();
    assert_eq!(cluster.unwrap().status.unwrap().ready_instances, Some(3));
    assert_eq!(call.finish().outcome, Outcome::Unchanged);
    let reported = reported.0.lock().unwrap().clone();
    assert_eq!(reported.iter().map(|report| report.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(reported[1], (1, 3, "Setting up primary".to_owned()));
    assert_eq!(ground.asked("watch", "clusters"), 1);
    // One read before waiting, none while waiting: it does not poll.
    assert_eq!(ground.asked("get", "clusters"), 1);
}

#[tokio::test]
async fn sees_what_happened_before_the_watch_was_open() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ready(&ground, 3, "");
    let mut call = ground.call();
    assert!(wait(&mut call, &cluster, 20).await.is_ok());
}

#[tokio::test]
async fn a_time_out_is_no_failure() {
    let ground = ground().await;
    let waiting = waiting(&ground, With { time: Duration::from_secs(1), ..With::default() }, 2).await;
    ready(&ground, 1, "Setting up primary");
    let (cluster, mut call) = waiting.await.unwrap();
    assert_eq!(cluster.unwrap().status.unwrap().ready_instances, Some(1));
    // The call's own time goes on from where it was.
    call.get::<Cluster>(NAMESPACE, "main").required().await.unwrap();
    assert_eq!(call.finish().outcome, Outcome::TimedOut);
}

#[tokio::test]
async fn cancelling_ends_it_at_once_and_undoes_nothing() {
    let ground = ground().await;
    let with = With::default();
    let cancellation = with.cancellation.clone();
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call_with(with);
    create_secret(&mut call, &cluster, "s", &SecretText::new("some-password".into())).await.unwrap();
    let waiting = tokio::spawn(async move {
        let result = wait(&mut call, &cluster, 60).await;
        (result, call)
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    cancellation.cancel();
    let (result, call) = waiting.await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500));
    let failure = result.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Cancelled);
    let failure = call.undo(failure).await;
    assert!(failure.undone().is_empty());
    assert_eq!(failure.leftovers().len(), 1);
    assert!(!ground.stored(&secrets(), "s").is_null());
}

#[tokio::test]
async fn what_is_hopeless_ends_it() {
    let ground = ground().await;
    let waiting = waiting(&ground, With::default(), 20).await;
    ready(&ground, 1, "Broken");
    let failure = waiting.await.unwrap().0.unwrap_err();
    assert_eq!((failure.kind(), failure.why()), (FailureKind::WaitFailed, Some("The disk is gone.")));
}

#[tokio::test]
async fn a_deleted_object_ends_it() {
    let ground = ground().await;
    let waiting = waiting(&ground, With::default(), 20).await;
    let cluster = ground.read("main").await;
    ground.call().delete(&cluster).send().await.unwrap();
    let failure = waiting.await.unwrap().0.unwrap_err();
    assert!(failure.what().contains("was deleted"), "{failure}");
}

#[tokio::test]
async fn a_watch_that_breaks_is_taken_up_again() {
    for action in [
        Action::Cut { millis: 50 },
        Action::DropBefore,
        status(503, "", "busy"),
        status(410, "Expired", "too old resource version"),
    ] {
        let ground = ground().await;
        ground.fault(Rule { times: Some(2), ..Rule::new(Match::on("watch", "clusters"), action.clone()) });
        let waiting = waiting(&ground, With::default(), 20).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        ready(&ground, 1, "x");
        ready(&ground, 3, "y");
        assert!(waiting.await.unwrap().0.is_ok(), "{action:?}");
        assert!(ground.asked("watch", "clusters") >= 2, "{action:?}");
    }
}

#[tokio::test]
async fn a_version_that_is_too_old_is_read_anew() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ready(&ground, 1, "x");
    ready(&ground, 3, "y");
    ground.sandbox.store().forget_history();
    let mut call = ground.call();
    let cluster = wait(&mut call, &cluster, 20).await.unwrap();
    assert_eq!(cluster.status.unwrap().phase.as_deref(), Some("y"));
}

#[tokio::test]
async fn a_dry_run_does_not_wait() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let mut call = ground.call_with(With { dry_run: true, ..With::default() });
    wait(&mut call, &cluster, 60).await.unwrap();
    assert_eq!(ground.asked("watch", "clusters"), 0);
    assert!(call.finish().warnings[0].contains("does not wait"));
}

#[tokio::test]
async fn trouble_to_the_end_is_told() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    ground.fault(Rule::new(Match::on("watch", "clusters"), status(503, "", "the watch cache is ill")));
    let mut call = ground.call();
    wait(&mut call, &cluster, 1).await.unwrap();
    let report = call.finish();
    assert_eq!(report.outcome, Outcome::TimedOut);
    assert!(report.warnings[0].contains("the watch cache is ill"), "{:?}", report.warnings);
}
