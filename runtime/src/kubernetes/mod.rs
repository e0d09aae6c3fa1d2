//! Access to the Kubernetes API.
//!
//! Requests are raw JSON over [`kube::Client`], so that answers are read into the fields that the specs
//! describe and nothing else, `Status` bodies are kept as they are, and each request has a deadline, a
//! user agent that names the tool, and a stated rule about retries.

mod answer;
mod backoff;
mod configuration;
mod connection;
mod link;
mod person;
mod queue;
mod request;
mod status;
mod watch;

pub use connection::{Kubernetes, KubernetesOptions};
pub use person::{BadName, Person};
pub use status::{ApiStatus, StatusCause, StatusDetails};

pub(crate) use answer::{Answer, ListPage};
pub(crate) use backoff::Backoff;
pub(crate) use link::{Link, RequestError};
pub(crate) use request::{ApiRequest, Selector};
pub(crate) use watch::{WatchEvent, Watching};

/// Field manager of every write (Kubernetes, "Server-Side Apply: Managers"), and the value of the
/// managed-by label.
pub const FIELD_MANAGER: &str = crate::expression::MANAGER;
