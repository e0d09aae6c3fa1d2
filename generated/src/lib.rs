//! The compiled tools.
//!
//! `build.rs` compiles `specs/` into the modules that are taken in here: one a tool, [`kinds`] for what
//! tools read of Kubernetes objects, [`templates`] for the texts of answers. `generated/expanded/` is a
//! copy for reading. Beside them stand the parts that the server and the command line share.

include!(concat!(env!("OUT_DIR"), "/tools.rs"));

pub mod auth_flags;
pub mod client_config;
pub mod server;
pub mod target;

use std::sync::Arc;

use cnpg_mcp_runtime::kubernetes::Kubernetes;
use cnpg_mcp_runtime::registry::{Options, Registry, RegistryError};

/// Version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The kinds that an operator brings, as an array of `CustomResourceDefinition` documents: what the
/// sandbox serves.
pub const KIND_DOCUMENTS: &str = include_str!(concat!(env!("OUT_DIR"), "/kinds.json"));

/// A registry of every compiled tool.
///
/// # Errors
/// Where tools and templates do not fit together, which tests rule out.
pub fn registry(kubernetes: Arc<Kubernetes>, options: Options) -> Result<Registry, RegistryError> {
    Registry::new(tools(), templates::TEMPLATES, kubernetes, options)
}
