//! The kinds as the specs describe them are what the sandbox serves: columns, defaults, types, immutability.

use cnpg_mcp_codegen::emit::kinds;
use cnpg_mcp_sandbox::{AdmissionMode, OperatorConfig, Sandbox};
use cnpg_mcp_tests::world;
use serde_json::{Value, json};

struct Api {
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Api {
    async fn start() -> anyhow::Result<Self> {
        let documents: Vec<Value> = kinds::crds(&world::program()).into_iter().map(|(_, document)| document).collect();
        assert!(!documents.is_empty());
        // The schema alone, without what the operator's webhooks and the operator would add.
        let sandbox = Sandbox::builder()
            .kinds(documents)
            .admission(AdmissionMode::Crds)
            .operator(OperatorConfig::off())
            .start()
            .await?;
        Ok(Self { sandbox, http: cnpg_mcp_tests::http() })
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<(u16, Value)> {
        let mut request = self.http.request(method.parse()?, format!("{}{path}", self.sandbox.url()));
        if let Some(body) = body {
            let content_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", content_type).body(body.to_string());
        }
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }
}

const CLUSTERS: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/clusters";
const DATABASES: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default/databases";

#[tokio::test]
async fn every_described_kind_is_served() -> anyhow::Result<()> {
    let api = Api::start().await?;
    for kind in world::program().kinds {
        let base = if kind.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", kind.group) };
        let within = if kind.namespaced { "namespaces/default/" } else { "" };
        let (status, list) = api.send("GET", &format!("{base}/{}/{within}{}", kind.version, kind.plural), None).await?;
        assert_eq!(status, 200, "{}: {list}", kind.kind);
        assert_eq!(list["kind"], format!("{}List", kind.kind).as_str());
    }
    Ok(())
}

#[tokio::test]
async fn descriptions_hold_as_rules() -> anyhow::Result<()> {
    let api = Api::start().await?;
    let cluster = |spec: Value| json!({ "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": { "name": "a" }, "spec": spec });
    for (wrong, field) in [
        (json!({ "instances": "three" }), "spec.instances"),
        (json!({ "instances": 0 }), "spec.instances"),
        (json!({ "instances": 1, "managed": { "roles": [{ "login": true }] } }), "spec.managed.roles[0].name"),
        (
            json!({ "instances": 1, "managed": { "roles": [{ "name": "x", "ensure": "perhaps" }] } }),
            "spec.managed.roles[0].ensure",
        ),
    ] {
        let (status, answer) = api.send("POST", CLUSTERS, Some(cluster(wrong.clone()))).await?;
        assert_eq!(status, 422, "{wrong}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|message| message.contains(field)), "{answer}");
    }
    let roles = json!([{ "name": "x", "notDescribed": 7 }, { "name": "x" }]);
    let (status, made) = api
        .send("POST", CLUSTERS, Some(cluster(json!({ "managed": { "roles": roles }, "unheardOf": { "a": 1 } }))))
        .await?;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["spec"]["instances"], 1, "defaults are filled in");
    // Descriptions are partial: what they do not know is kept. The list is no map: nothing promises unique names.
    assert_eq!(made["spec"]["unheardOf"]["a"], 1);
    assert_eq!(made["spec"]["managed"]["roles"][0]["notDescribed"], 7);
    assert_eq!(made["spec"]["managed"]["roles"][0]["ensure"], "present");
    Ok(())
}

#[tokio::test]
async fn what_is_immutable_stays() -> anyhow::Result<()> {
    let api = Api::start().await?;
    let database = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": { "name": "d" },
        "spec": { "name": "app", "owner": "app", "cluster": { "name": "a" } },
    });
    let (status, made) = api.send("POST", DATABASES, Some(database)).await?;
    assert_eq!(status, 201, "{made}");
    let path = format!("{DATABASES}/d");
    let (status, answer) = api.send("PATCH", &path, Some(json!({ "spec": { "name": "other" } }))).await?;
    assert_eq!(status, 422, "{answer}");
    assert!(answer["message"].as_str().is_some_and(|message| message.contains("name is immutable")), "{answer}");
    let (status, answer) = api.send("PATCH", &path, Some(json!({ "spec": { "owner": "other" } }))).await?;
    assert_eq!((status, &answer["spec"]["owner"]), (200, &json!("other")), "{answer}");
    Ok(())
}
