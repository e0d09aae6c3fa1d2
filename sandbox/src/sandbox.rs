//! Building and running a sandbox.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::admission::OperatorWebhooks;
use crate::api::{Admission, Anonymous, Api, SchemaOnly};
use crate::builtin;
use crate::clock::{Clock, Identities};
use crate::controllers::{self, Controllers};
use crate::error::ApiError;
use crate::faults::{self, Faults};
use crate::operator::{Operator, OperatorConfig, RunningOperator};
use crate::recorder::Recorder;
use crate::schema::{self, CrdError};
use crate::seed::Seed;
use crate::server::Server;
use crate::store::{Gvr, Registry, Store};

/// What a sandbox can fail with when it starts.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A kind that cannot be served.
    #[error("a kind cannot be served: {0}")]
    Kind(#[from] CrdError),
    /// The port is taken, or the file of the records cannot be written.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// How it failed.
        source: io::Error,
    },
    /// A file of CRDs cannot be read.
    #[error("{path}: {error}")]
    Crds {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// What the sandbox begins with cannot be made.
    #[error("the sandbox cannot be filled: {0}")]
    Seed(#[from] ApiError),
}

/// Which rules hold beyond the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AdmissionMode {
    /// Those of CloudNativePG's webhooks.
    #[default]
    Operator,
    /// None.
    Crds,
}

/// Settings of a sandbox; all are optional.
#[derive(Debug)]
pub struct SandboxBuilder {
    kinds: Vec<Value>,
    admission: AdmissionMode,
    operator: OperatorConfig,
    clock: Clock,
    seed: Option<u64>,
    preload: Seed,
    port: u16,
    anonymous: Anonymous,
    record: Option<PathBuf>,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            admission: AdmissionMode::default(),
            operator: OperatorConfig::demo(),
            clock: Clock::system(),
            seed: None,
            preload: Seed::none(),
            port: 0,
            anonymous: Anonymous::default(),
            record: None,
        }
    }
}

impl SandboxBuilder {
    /// The kinds beyond the built-in ones, as `CustomResourceDefinition`s. Documents of kinds that are
    /// built in are left out.
    #[must_use]
    pub fn kinds(mut self, documents: Vec<Value>) -> Self {
        self.kinds.extend(documents);
        self
    }

    /// Which rules hold beyond the schema.
    #[must_use]
    pub fn admission(mut self, mode: AdmissionMode) -> Self {
        self.admission = mode;
        self
    }

    /// How the operator's stand-in works.
    #[must_use]
    pub fn operator(mut self, config: OperatorConfig) -> Self {
        self.operator = config;
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Fixes uids and generated names: two sandboxes of one seed that are asked the same make the same ones.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What is there from the start.
    #[must_use]
    pub fn preload(mut self, seed: Seed) -> Self {
        self.preload = seed;
        self
    }

    /// The port on 127.0.0.1; 0 (the default) takes any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Who a request without credentials is; the administrator unless said otherwise.
    #[must_use]
    pub fn anonymous(mut self, anonymous: Anonymous) -> Self {
        self.anonymous = anonymous;
        self
    }

    /// Also appends every request to this file, as lines of JSON.
    #[must_use]
    pub fn record_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.record = Some(file.into());
        self
    }

    /// Starts the sandbox.
    ///
    /// # Errors
    /// [`SandboxError`]: kinds that cannot be served, a port that is taken, a seed that does not fit the kinds.
    pub fn start(self) -> BoxFuture<'static, Result<Sandbox, SandboxError>> {
        // Boxed, so that it is compiled with this crate, and not with each program.
        Box::pin(self.started())
    }

    async fn started(self) -> Result<Sandbox, SandboxError> {
        let mut registry = Registry::default();
        builtin::register(&mut registry);
        let mut definitions = Vec::new();
        for document in self.kinds {
            if document["kind"] != "CustomResourceDefinition" {
                continue;
            }
            let kind = schema::resource_type(&document)?;
            let name = kind.gvr.to_string();
            if registry.add(kind) {
                definitions.push(document);
            } else {
                tracing::debug!(kind = name, "is built in or given twice; this document is left out");
            }
        }
        let recorder = match &self.record {
            None => Recorder::default(),
            Some(path) => Recorder::with_file(path)
                .map_err(|source| SandboxError::Io { what: path.display().to_string(), source })?,
        };
        let store = Store::new(registry, self.clock, Identities::new(self.seed));
        builtin::seed(&store)?;
        for document in definitions {
            builtin::keep_definition(&store, document)?;
        }
        let operator = Operator::new(store.clone(), self.operator);
        self.preload.plant(&store, &operator)?;
        // What happened before the first request is nobody's history.
        store.forget_history();
        let faults = Faults::default();
        let admission: Arc<dyn Admission> = match self.admission {
            AdmissionMode::Operator => Arc::new(OperatorWebhooks),
            AdmissionMode::Crds => Arc::new(SchemaOnly),
        };
        let api = Arc::new(Api::new(store.clone(), operator.journal().clone(), admission, self.anonymous));
        let router = router(&store, &api, &faults, &recorder);
        let server = Server::start(router, self.port)
            .await
            .map_err(|source| SandboxError::Io { what: format!("port {}", self.port), source })?;
        let url = format!("http://{}", server.address());
        let controllers = controllers::start(&store);
        let operator = operator.start();
        Ok(Sandbox { url, api, store, recorder, faults, operator, _controllers: controllers, server })
    }
}

fn router(store: &Store, api: &Arc<Api>, faults: &Faults, recorder: &Recorder) -> Router {
    let state = store.clone();
    let snapshot: faults::control::Snapshot = Arc::new(move || state.snapshot());
    let layer = faults::Layer { faults: faults.clone(), recorder: recorder.clone() };
    faults::control::router(faults.clone(), recorder.clone(), snapshot)
        .fallback_service(axum::routing::any(Api::serve).with_state(Arc::clone(api)))
        .layer(from_fn_with_state(layer, faults::apply))
}

/// A running sandbox; dropping it stops it.
pub struct Sandbox {
    url: String,
    api: Arc<Api>,
    store: Store,
    recorder: Recorder,
    faults: Faults,
    operator: RunningOperator,
    _controllers: Controllers,
    server: Server,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Settings to start from.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Address of the API, such as `http://127.0.0.1:34567`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A bearer token of the administrator.
    pub fn token(&self) -> &str {
        self.api.admin_token()
    }

    /// A bearer token of a service account, which is made where there is none; good for an hour of the sandbox's clock.
    /// What it may do is what RBAC objects say.
    ///
    /// # Errors
    /// What the API would say of such an account.
    pub fn token_of(&self, namespace: &str, account: &str) -> Result<String, ApiError> {
        let accounts = Gvr::core("serviceaccounts");
        let object = match self.store.get(&accounts, namespace, account) {
            Some(there) => there,
            None => self.store.create(&accounts, json!({"metadata": {"name": account, "namespace": namespace}}))?,
        };
        let now = self.store.clock().now();
        Ok(self.api.issue_token(&object, now.checked_add(jiff::SignedDuration::from_hours(1)).unwrap_or(now)))
    }

    /// A kubeconfig (YAML) of the administrator.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_with(self.token(), "sandbox-admin", "default")
    }

    /// A kubeconfig (YAML) of a service account, in its own namespace; see [`Sandbox::token_of`].
    ///
    /// # Errors
    /// Those of [`Sandbox::token_of`].
    pub fn kubeconfig_of(&self, namespace: &str, account: &str) -> Result<String, ApiError> {
        Ok(self.kubeconfig_with(&self.token_of(namespace, account)?, account, namespace))
    }

    fn kubeconfig_with(&self, token: &str, user: &str, namespace: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: sandbox\nclusters:\n- name: sandbox\n  cluster:\n    server: \
             {}\ncontexts:\n- name: sandbox\n  context:\n    cluster: sandbox\n    user: {user}\n    namespace: \
             {namespace}\nusers:\n- name: {user}\n  user:\n    token: {token}\n",
            self.url
        )
    }

    /// The objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What was asked so far.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The operator's stand-in.
    pub fn operator(&self) -> &RunningOperator {
        &self.operator
    }

    /// The whole state: equal before and after whatever changes nothing.
    pub fn snapshot(&self) -> Value {
        self.store.snapshot()
    }

    /// Stops it, open watches included.
    pub async fn shutdown(self) {
        self.server.stop().await;
    }
}

/// Reads every CRD of a folder of YAML files, by file name.
///
/// # Errors
/// [`SandboxError::Io`] and [`SandboxError::Crds`].
pub fn crds_of_folder(folder: &Path) -> Result<Vec<Value>, SandboxError> {
    let failed = |path: &Path| {
        let what = path.display().to_string();
        move |source: io::Error| SandboxError::Io { what, source }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml" || ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    let mut documents = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
        let read: Vec<Value> = serde_yaml::from_multiple(&text)
            .map_err(|error| SandboxError::Crds { path: path.clone(), error: error.to_string() })?;
        documents.extend(read.into_iter().filter(|document| document["kind"] == "CustomResourceDefinition"));
    }
    Ok(documents)
}
