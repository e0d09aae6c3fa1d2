//! Kubernetes' own controllers: garbage and namespaces.

use serde_json::{Value, json};

use crate::fixture::{Ground, builder, cluster, cnpg, core, ground, started};

async fn owner_and_dependent(ground: &Ground, name: &str) -> Value {
    let owner = ground.create(&cnpg("clusters"), cluster(name, 1)).await;
    let metadata = json!({"name": format!("{name}-note"), "ownerReferences": [{
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": name, "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": true,
    }]});
    ground.create(&core("configmaps"), json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).await;
    owner
}

#[tokio::test]
async fn dependents_follow_their_owner_or_are_cut_loose() {
    let quiet = builder().operator(cnpg_mcp_sandbox::operator::OperatorConfig::off());
    let ground = started(quiet).await;
    for policy in ["Background", "Foreground", "Orphan"] {
        let name = policy.to_lowercase();
        owner_and_dependent(&ground, &name).await;
        let path = cnpg(&format!("clusters/{name}"));
        assert_eq!(ground.delete(&format!("{path}?propagationPolicy={policy}")).await, 200);
        ground.gone(&path).await;
        let note = core(&format!("configmaps/{name}-note"));
        if policy == "Orphan" {
            let left = ground.get(&note).await;
            assert_eq!(left["metadata"]["ownerReferences"], Value::Null);
        } else {
            ground.gone(&note).await;
        }
    }
}

#[tokio::test]
async fn an_owner_counts_by_its_uid() {
    let ground = ground().await;
    ground.healthy(cluster("pg1", 1)).await;
    let metadata = json!({"name": "stray", "ownerReferences": [{
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "pg1",
        "uid": "11111111-1111-1111-1111-111111111111",
    }]});
    let (status, _) =
        ground.post(&core("secrets"), &json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})).await;
    assert_eq!(status, 201);
    ground.gone(&core("secrets/stray")).await;
}

#[tokio::test]
async fn namespaces_are_furnished_and_emptied() {
    let ground = ground().await;
    ground
        .create("/api/v1/namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n1"}}))
        .await;
    ground.until("/api/v1/namespaces/n1/serviceaccounts/default", |_| true).await;
    ground.until("/api/v1/namespaces/n1/configmaps/kube-root-ca.crt", |map| map["data"]["ca.crt"].is_string()).await;
    let held = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["example.com/hold"]}});
    ground.create("/api/v1/namespaces/n1/configmaps", held).await;
    let plain = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain"}});
    ground.create("/api/v1/namespaces/n1/configmaps", plain).await;
    assert_eq!(ground.delete("/api/v1/namespaces/n1").await, 200);
    ground.gone("/api/v1/namespaces/n1/configmaps/plain").await;
    let waiting = ground
        .until("/api/v1/namespaces/n1", |namespace| {
            namespace["status"]["conditions"].to_string().contains("example.com/hold in 1 resource instances")
        })
        .await;
    assert_eq!(waiting["status"]["phase"], "Terminating");
    ground.patch("/api/v1/namespaces/n1/configmaps/held", json!({"metadata": {"finalizers": null}})).await;
    ground.gone("/api/v1/namespaces/n1").await;
}
