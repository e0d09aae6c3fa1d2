//! An in-memory Kubernetes API with a CloudNativePG stand-in, served over HTTP.

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
