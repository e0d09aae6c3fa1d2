//! A sandbox, kinds and calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cnpg_mcp_runtime::call::{CallReport, CallSetup, Identity, NoProgress, ProgressSink, Settings};
use cnpg_mcp_runtime::confirm::NobodyToAsk;
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_runtime::time::Clock;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use cnpg_mcp_sandbox::{AdmissionMode, Gvr, OperatorConfig, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub const NAMESPACE: &str = "default";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Cluster {
    #[serde(default)]
    pub metadata: ObjectMeta,
    #[serde(default, deserialize_with = "null_default")]
    pub spec: ClusterSpec,
    pub status: Option<ClusterStatus>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ClusterSpec {
    #[serde(default)]
    pub instances: i64,
    pub managed: Option<Managed>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Managed {
    #[serde(default, deserialize_with = "null_default")]
    pub roles: Vec<Role>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Role {
    #[serde(default)]
    pub name: String,
    pub ensure: Option<String>,
    pub login: Option<bool>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    pub ready_instances: Option<i64>,
    pub phase: Option<String>,
}

impl Kind for Cluster {
    const INFO: KindInfo = KindInfo {
        group: "postgresql.cnpg.io",
        version: "v1",
        kind: "Cluster",
        plural: "clusters",
        namespaced: true,
        metadata_only: false,
        operator: Some("CloudNativePG"),
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Secret {
    #[serde(default)]
    pub metadata: ObjectMeta,
}

impl Kind for Secret {
    const INFO: KindInfo = KindInfo {
        group: "",
        version: "v1",
        kind: "Secret",
        plural: "secrets",
        namespaced: true,
        metadata_only: true,
        operator: None,
    };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

/// A kind that nobody serves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Unknown {
    #[serde(default)]
    pub metadata: ObjectMeta,
}

impl Kind for Unknown {
    const INFO: KindInfo = KindInfo { kind: "Pooler", plural: "poolers", ..Cluster::INFO };

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

const fn tool(name: &'static str, effect: Effect) -> ToolInfo {
    const TEXT: ParamInfo = ParamInfo {
        name: "name",
        about: "",
        rule: cnpg_mcp_runtime::tool::Rule::Text(TextRule::ANY),
        required: false,
        secret: false,
        default: None,
        meaning: None,
    };
    const PARAMS: &[ParamInfo] = &[
        ParamInfo { name: "cursor", meaning: Some(Meaning::Cursor), ..TEXT },
        ParamInfo {
            name: "limit",
            meaning: Some(Meaning::Limit),
            rule: cnpg_mcp_runtime::tool::Rule::Int { min: Some(1), max: Some(500) },
            ..TEXT
        },
        ParamInfo {
            name: "timeout",
            rule: cnpg_mcp_runtime::tool::Rule::Int { min: Some(30), max: Some(600) },
            ..TEXT
        },
        ParamInfo { name: "password", secret: true, ..TEXT },
        TEXT,
    ];
    ToolInfo {
        name,
        title: "",
        about: "",
        effect,
        idempotent: false,
        toolset: "test",
        core: true,
        input_schema: "{}",
        output_schema: "{}",
        params: PARAMS,
        paged_output: None,
        answers: &[],
        confirm_plan: None,
        grants: &[],
    }
}

pub static WRITES: ToolInfo = tool("writes", Effect::Write);
pub static READS: ToolInfo = tool("reads", Effect::Read);

pub struct Ground {
    pub sandbox: Sandbox,
    pub kubernetes: Arc<Kubernetes>,
    kubeconfig: std::path::PathBuf,
}

/// What the next call is made with.
pub struct With {
    pub tool: &'static ToolInfo,
    pub arguments: Value,
    pub dry_run: bool,
    pub id: &'static str,
    pub time: Duration,
    pub cancellation: CancellationToken,
    pub progress: Arc<dyn ProgressSink>,
}

impl Default for With {
    fn default() -> Self {
        Self {
            tool: &WRITES,
            arguments: json!({}),
            dry_run: false,
            id: "call-1",
            time: Duration::from_secs(20),
            cancellation: CancellationToken::new(),
            progress: Arc::new(NoProgress),
        }
    }
}

fn kinds() -> Vec<Value> {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let spec = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "instances": { "type": "integer", "minimum": 1 } } });
    vec![json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "clusters.postgresql.cnpg.io" },
        "spec": {
            "group": "postgresql.cnpg.io", "scope": "Namespaced",
            "names": { "kind": "Cluster", "plural": "clusters", "singular": "cluster", "listKind": "ClusterList" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec, "status": open } } },
            }],
        },
    })]
}

pub async fn ground() -> Ground {
    let sandbox = Sandbox::builder()
        .kinds(kinds())
        .admission(AdmissionMode::Crds)
        .operator(OperatorConfig::off())
        .seed(7)
        .start()
        .await
        .unwrap();
    let port = sandbox.url().rsplit(':').next().unwrap().to_owned();
    let kubeconfig = std::env::temp_dir().join(format!("cnpg-mcp-calls-{}-{port}", std::process::id()));
    std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();
    let kubernetes = connect(&kubeconfig);
    Ground { sandbox, kubernetes, kubeconfig }
}

fn connect(kubeconfig: &std::path::Path) -> Arc<Kubernetes> {
    Arc::new(Kubernetes::new(KubernetesOptions {
        kubeconfig: Some(kubeconfig.to_owned()),
        request_timeout: Duration::from_secs(2),
        ..KubernetesOptions::default()
    }))
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}

impl Ground {
    pub fn call(&self) -> Call {
        self.call_with(With::default())
    }

    pub fn call_with(&self, with: With) -> Call {
        call_on(Arc::clone(&self.kubernetes), with)
    }

    /// A call of another process: it shares no queue with the others.
    pub fn call_elsewhere(&self, with: With) -> Call {
        call_on(connect(&self.kubeconfig), with)
    }

    /// A cluster as others make it.
    pub async fn cluster(&self, name: &str, roles: Value) -> Cluster {
        let object = json!({
            "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
            "metadata": { "name": name, "namespace": NAMESPACE },
            "spec": { "instances": 3, "undescribed": { "kept": true }, "managed": { "roles": roles } },
        });
        self.sandbox.store().create(&clusters(), object).unwrap();
        self.read(name).await
    }

    pub async fn read(&self, name: &str) -> Cluster {
        self.call().get::<Cluster>(NAMESPACE, name).required().await.unwrap()
    }

    /// A Secret as others make it.
    pub fn secret(&self, name: &str, metadata: &Value) {
        let mut object =
            json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "data": {} });
        object["metadata"]["name"] = json!(name);
        object["metadata"]["namespace"] = json!(NAMESPACE);
        self.sandbox.store().create(&secrets(), object).unwrap();
    }

    /// The object in the store; null where it is not there.
    pub fn stored(&self, gvr: &Gvr, name: &str) -> Value {
        self.sandbox.store().get(gvr, NAMESPACE, name).map_or(Value::Null, |object| (*object).clone())
    }

    pub fn fault(&self, rule: Rule) {
        self.sandbox.faults().add(rule);
    }

    pub fn once(&self, verb: &str, resource: &str, action: Action) {
        self.fault(Rule::once(Match::on(verb, resource), action));
    }

    pub fn always(&self, verb: &str, resource: &str, action: Action) {
        self.fault(Rule::new(Match::on(verb, resource), action));
    }

    /// How often the tool asked for this.
    pub fn asked(&self, verb: &str, resource: &str) -> usize {
        self.sandbox
            .recorder()
            .records()
            .iter()
            .filter(|record| record.request.verb == verb && record.request.resource == resource)
            .count()
    }
}

fn call_on(kubernetes: Arc<Kubernetes>, with: With) -> Call {
    Call::new(CallSetup {
        tool: with.tool,
        arguments: with.arguments.as_object().cloned().unwrap(),
        kubernetes,
        cancellation: with.cancellation,
        progress: with.progress,
        asking: Arc::new(NobodyToAsk),
        clock: Clock::Fixed(Time::parse("2026-11-23T10:00:00Z").unwrap()),
        deadline: Instant::now() + with.time,
        dry_run: with.dry_run,
        call_id: with.id.to_owned(),
        settings: Arc::new(Settings::default()),
        who: Identity::default(),
    })
}

pub fn clusters() -> Gvr {
    Gvr::cnpg("clusters")
}

pub fn secrets() -> Gvr {
    Gvr::core("secrets")
}

pub fn status(code: u16, reason: &str, message: &str) -> Action {
    Action::Status { code, reason: Some(reason.to_owned()), message: Some(message.to_owned()), retry_after: None }
}

/// Progress that was reported.
#[derive(Default)]
pub struct Reported(pub Mutex<Vec<(i64, i64, String)>>);

impl ProgressSink for Reported {
    fn report(&self, done: i64, of: i64, message: &str) {
        self.0.lock().unwrap().push((done, of, message.to_owned()));
    }
}

/// `field` → before and after, of all changes.
pub fn told(report: &CallReport) -> BTreeMap<String, (Option<String>, Option<String>)> {
    report
        .changes
        .iter()
        .flat_map(|change| &change.fields)
        .map(|field| (field.field.clone(), (field.before.clone(), field.after.clone())))
        .collect()
}

/// Creates the Secret of a role as the tools do.
pub async fn create_secret(
    call: &mut Call,
    cluster: &Cluster,
    name: &str,
    password: &SecretText,
) -> Result<Secret, Failure> {
    call.create::<Secret>(NAMESPACE, name)
        .owner(cluster)
        .label("cnpg.io/cluster", &cluster.metadata.name)
        .annotation("cnpg-mcp.io/role", "app")
        .body(
            Fields::new()
                .set("type", "kubernetes.io/basic-auth")
                .set("stringData", Fields::new().set("username", "app").set("password", password)),
        )
        .adopt_if(
            |existing: &Secret| {
                Ok(cnpg_mcp_runtime::expression::ours(existing)
                    && cnpg_mcp_runtime::expression::owned(existing, cluster)
                    && cnpg_mcp_runtime::expression::same(
                        existing.metadata.annotations.get("cnpg-mcp.io/role").map(String::as_str),
                        Some("app"),
                    ))
            },
            || format!("A Secret `{name}` exists already and is not ours."),
        )
        .undo_delete()
        .send()
        .await
}

/// Adds a role as the tools do.
pub async fn add_role(call: &mut Call, cluster: &Cluster, role: &str) -> Result<Cluster, Failure> {
    call.edit(cluster)
        .element::<Role>(&["spec", "managed", "roles"], "name", role)
        .require(
            |before: Option<&Role>| Ok(before.is_none_or(|before| before.ensure.as_deref() == Some("absent"))),
            || format!("Role `{role}` already exists."),
        )
        .put(|_| Ok(Fields::new().set("ensure", "present").set("login", true)))
        .send()
        .await
}
