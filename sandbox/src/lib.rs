//! An in-memory Kubernetes API with a CloudNativePG stand-in, served over real HTTP on loopback, so that any
//! client can talk to it: this project's server, `kubectl`, a test.
//!
//! ```no_run
//! # async fn example(kinds: Vec<serde_json::Value>) -> Result<(), cnpg_mcp_sandbox::SandboxError> {
//! use cnpg_mcp_sandbox::{Sandbox, Seed};
//!
//! let sandbox = Sandbox::builder().kinds(kinds).preload(Seed::demo()).start().await?;
//! println!("{}", sandbox.kubeconfig());
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The shape of the crate
//!
//! ```text
//!  client ── HTTP ──▶ faults + recorder ──▶ api ──▶ store ◀── controllers, operator
//!                                            │
//!                                   schema, builtin, admission
//! ```
//!
//! - [`store`] holds the objects: one rising resourceVersion, uids, generations, finalizers, a bounded history.
//!   It believes whoever writes, and knows nothing of HTTP.
//! - [`schema`] reads `CustomResourceDefinition`s: pruning, defaults, validation, the CEL rules. Every kind
//!   beyond the built-in ones comes in through this one door, be it from this project's resource descriptions
//!   or from real CRDs ([`crds_of_folder`]).
//! - [`builtin`] has the kinds that a server has without CRDs, their rules and the objects that are there from
//!   the start.
//! - [`api`] answers requests: discovery, OpenAPI v3, authentication, RBAC, reviews; get, list (selectors,
//!   pages, tables), watch; POST, PUT, merge, JSON and strategic merge patches, server-side apply, DELETE;
//!   the subresources `status`, `scale`, `token`, `finalize`; dry run and field validation everywhere.
//! - [`admission`] has the operator's webhooks as pure functions, [`operator`] its stand-in, [`controllers`] the
//!   garbage collector, the namespace controller and that of aggregated roles.
//! - [`faults`] breaks what is told to break, [`recorder`] notes who used which verb on what.
//!
//! # How it is held to the real thing
//!
//! Recordings of a real kube-apiserver 1.36 with the CRDs and webhooks of CloudNativePG 1.30 are
//! replayed (`tests/replay`): bodies, `Status` reasons and causes, warnings, events and their order.
//! `tests/replay_baseline.json` holds how many exchanges of each are answered alike; none may get lost.
//!
//! # What it does not do
//!
//! Whatever is not done answers 501 `NotImplemented` with a text, never a wrong success:
//!
//! - subresources of pods other than `log` (`exec`, …), following a log, OpenAPI v2, metrics, protobuf of kinds other than those
//!   that `kubectl create` and `kubectl auth` send;
//! - changing CRDs while it runs (they are listed, and given to the builder);
//! - CRDs with schema keywords or CEL functions that are not known here are refused when the sandbox starts.
//!
//! These differences are silent, and known:
//!
//! - of built-in kinds other than Secrets and RBAC's only the fields at the top are known: what is below is neither
//!   pruned nor validated, and server-side apply replaces their lists as a whole;
//! - discovery names only what is served, and one version of each group;
//! - of the roles that Kubernetes has from the start there are `cluster-admin`, `system:discovery`,
//!   `system:basic-user` and `system:public-info-viewer` alone; constrained impersonation grants nothing;
//! - tokens are not signed, requests without credentials are the administrator's unless
//!   [`api::Anonymous::Nobody`] is chosen, and TLS there is none: it is a sandbox on loopback.
//!
//! # Why it is our own
//!
//! `kube-fake-client` tracks objects in memory behind the Rust types of `kube` (4.2, while this workspace is
//! on 5.0). It has no HTTP, so neither `kubectl` nor a second process can use it, and it leaves out what tools
//! have to be tested against: schema validation and pruning, watch history with 410, continue tokens,
//! dry run, field validation, ownership of fields, RBAC, and the exact words of refusals. `axum` does the HTTP,
//! `json-patch` the JSON and merge patches, `regex` the patterns and `jiff` the times; a CEL
//! interpreter was not taken, because CRDs of CloudNativePG use a small part of the language and a rule that
//! is not understood must be refused at the start and not met at run time.

pub mod admission;
pub mod api;
pub mod builtin;
pub mod clock;
pub mod controllers;
pub mod error;
pub mod faults;
pub mod operator;
pub mod recorder;
pub mod request_info;
mod sandbox;
mod schedule;
pub mod schema;
pub mod seed;
mod server;
pub mod store;

pub use clock::Clock;
pub use error::ApiError;
pub use faults::Faults;
pub use operator::OperatorConfig;
pub use recorder::Recorder;
pub use sandbox::{AdmissionMode, Sandbox, SandboxBuilder, SandboxError, crds_of_folder};
pub use seed::Seed;
pub use store::{Gvr, Store};
