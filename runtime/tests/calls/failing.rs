use std::sync::Arc;
use std::time::{Duration, Instant};

use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::json;

use crate::fixture::*;

async fn get(ground: &Ground) -> Failure {
    ground
        .call_with(With { time: Duration::from_secs(8), ..With::default() })
        .get::<Cluster>(NAMESPACE, "main")
        .required()
        .await
        .unwrap_err()
}

#[tokio::test]
async fn each_fault_has_its_kind_and_advice() {
    let faults = [
        (status(401, "Unauthorized", "Unauthorized"), FailureKind::Unauthorized, "kubectl auth whoami"),
        (
            status(403, "Forbidden", "clusters \"main\" is forbidden: User \"x\" cannot get resource"),
            FailureKind::Forbidden,
            "kubectl auth can-i get clusters.postgresql.cnpg.io --namespace default --as x",
        ),
        (status(429, "TooManyRequests", "busy"), FailureKind::TooManyRequests, "busy"),
        (status(500, "InternalError", "etcd"), FailureKind::ServerError, "/readyz"),
        (status(502, "", "bad gateway"), FailureKind::ServerError, "/readyz"),
        (Action::DropBefore, FailureKind::Unreachable, "kubectl cluster-info"),
        (
            Action::Raw { code: 200, content_type: "text/html".into(), body: "<html>".into() },
            FailureKind::Unreadable,
            "kubectl version",
        ),
        (
            Action::Raw { code: 404, content_type: "text/plain".into(), body: "404 page not found\n".into() },
            FailureKind::KindUnknown,
            "CloudNativePG is not installed",
        ),
        (Action::Delay { millis: 60_000 }, FailureKind::TimedOut, "took too long"),
    ];
    for (action, kind, advice) in faults {
        let ground = ground().await;
        ground.always("get", "clusters", action);
        let begun = Instant::now();
        let failure = get(&ground).await;
        assert_eq!(failure.kind(), kind, "{failure:?}");
        assert!(failure.advice().iter().any(|text| text.contains(advice)), "{:?}", failure.advice());
        assert!(begun.elapsed() < Duration::from_secs(10), "{kind:?}");
    }
    let ground = ground().await;
    let failure = get(&ground).await;
    assert_eq!(
        (failure.kind(), failure.what()),
        (FailureKind::NotFound, "Cluster `main` in namespace `default` was not found.")
    );
    assert!(failure.markdown().contains("kubectl get clusters.postgresql.cnpg.io --namespace default"));
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let ground = ground().await;
    ground.cluster("main", json!([])).await;
    ground.fault(Rule::once(
        Match::on("get", "clusters"),
        Action::Status { code: 429, reason: None, message: None, retry_after: Some(1) },
    ));
    let begun = Instant::now();
    ground.read("main").await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_missing_namespace_and_an_unreachable_webhook() {
    let ground = ground().await;
    let fields = || Fields::new().set("spec", Fields::new().set("instances", 1_i64));
    let failure = ground.call().create::<Cluster>("nowhere", "a").body(fields()).send().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NamespaceMissing);
    assert!(failure.advice()[0].contains("kubectl create namespace nowhere"));
    let words = "Internal error occurred: failed calling webhook \"mcluster.cnpg.io\": failed to call webhook: connection refused";
    ground.always("create", "clusters", status(500, "InternalError", words));
    let failure = ground.call().create::<Cluster>(NAMESPACE, "a").body(fields()).send().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::WebhookUnavailable);
    assert!(failure.advice()[0].contains("`mcluster.cnpg.io` of CloudNativePG"));
    assert_eq!(
        ground.asked("create", "clusters"),
        2,
        "it is not tried again: nothing was stored, and it would not pass soon"
    );
}

#[tokio::test]
async fn a_field_that_the_kind_does_not_know_is_refused() {
    let ground = ground().await;
    let failure = ground
        .call()
        .create::<Cluster>(NAMESPACE, "a")
        .body(Fields::new().set("spec", Fields::new().set("instances", 1_i64)).set("sepc", 1_i64))
        .send()
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Invalid);
    assert!(failure.why().unwrap().contains("sepc"), "{failure}");
    assert!(ground.stored(&clusters(), "a").is_null());
}

#[tokio::test]
async fn without_kubernetes_the_call_says_so() {
    let mut ground = ground().await;
    ground.kubernetes = Arc::new(Kubernetes::new(KubernetesOptions {
        kubeconfig: Some("/nonexistent/kubeconfig".into()),
        ..KubernetesOptions::default()
    }));
    assert_eq!(ground.kubernetes.current_namespace(), "default");
    let failure = ground.call().get::<Cluster>(NAMESPACE, "main").required().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NoConfiguration);
    assert!(failure.why().unwrap().contains("/nonexistent/kubeconfig"));
    assert!(failure.markdown().contains("--sandbox"));
}

#[tokio::test]
async fn an_unreachable_server_is_known_not_to_have_done_anything() {
    let file = std::env::temp_dir().join(format!("cnpg-mcp-closed-{}", std::process::id()));
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{ name: c, context: { cluster: c, user: u } }]\nclusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]\nusers: [{ name: u, user: {} }]\n";
    std::fs::write(&file, kubeconfig).unwrap();
    let mut ground = ground().await;
    ground.kubernetes =
        Arc::new(Kubernetes::new(KubernetesOptions { kubeconfig: Some(file.clone()), ..KubernetesOptions::default() }));
    let failure = ground.call().create::<Cluster>(NAMESPACE, "a").send().await.unwrap_err();
    let _ = std::fs::remove_file(file);
    assert_eq!(failure.kind(), FailureKind::Unreachable, "{failure:?}");
    assert!(failure.why().unwrap().to_lowercase().contains("refused"), "{failure}");
}

#[tokio::test]
async fn parameters_that_are_worked_out_are_held_to_their_rule() {
    let ground = ground().await;
    let mut call = ground.call();
    call.check_param("timeout", &180_i64).unwrap();
    let failure = call.check_param("timeout", &6000_i64).unwrap_err();
    assert_eq!(failure.parameter_name(), Some("timeout"));
    assert_eq!(call.finish().computed["timeout"], json!(180));
}

#[tokio::test]
async fn confirmation_by_parameter_dry_run_or_asking() {
    let ground = ground().await;
    let cluster = ground.cluster("main", json!([])).await;
    let plan = json!({ "name": "main" });
    assert!(ground.call().confirm(true, &plan, &[&cluster.metadata]).await.unwrap());
    assert!(ground.call_with(With { dry_run: true, ..With::default() }).confirm(false, &plan, &[]).await.unwrap());
    let mut call = ground.call();
    assert!(!call.confirm(false, &plan, &[&cluster.metadata]).await.unwrap());
    assert_eq!(call.finish().outcome, Outcome::Unconfirmed);
}

#[tokio::test]
async fn get_as_the_spec_says() {
    let ground = ground().await;
    let mut call = ground.call();
    assert!(call.get::<Cluster>(NAMESPACE, "none").if_present().await.unwrap().is_none());
    assert!(call.get::<Cluster>(NAMESPACE, "none").forbidden_note(|| "x").if_permitted().await.is_err());
    ground.always(
        "get",
        "clusters",
        status(403, "Forbidden", "clusters \"none\" is forbidden: User \"x\" cannot get resource"),
    );
    assert!(call.get::<Cluster>(NAMESPACE, "none").if_present().await.is_err());
    assert!(
        call.get::<Cluster>(NAMESPACE, "none")
            .forbidden_note(|| "Not readable.")
            .if_permitted()
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(call.finish().warnings, ["Not readable."]);
}

#[tokio::test]
async fn a_server_that_hangs_is_asked_twice_at_most() {
    let ground = ground().await;
    let rule = Rule::new(Match::on("get", "clusters"), Action::Delay { millis: 60_000 });
    let rule = ground.sandbox.faults().add(rule);
    assert_eq!(get(&ground).await.kind(), FailureKind::TimedOut);
    assert_eq!(ground.sandbox.faults().matched(rule), Some(2));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let ground = ground().await;
    let body = format!("{{\"metadata\": {{\"name\": \"{}\"}}}}", "x".repeat(9 << 20));
    ground.always("get", "clusters", Action::Raw { code: 200, content_type: "application/json".into(), body });
    let failure = get(&ground).await;
    assert_eq!(failure.kind(), FailureKind::Unreadable);
    assert!(failure.why().unwrap().contains("longer than 8 MiB"), "{failure}");
}
