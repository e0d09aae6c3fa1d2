//! An in-memory Kubernetes API with a CloudNativePG stand-in, served over HTTP.

pub mod admission;
pub mod api;
pub mod builtin;
pub mod clock;
pub mod error;
pub mod faults;
pub mod recorder;
pub mod request_info;
pub mod schema;
pub mod store;
