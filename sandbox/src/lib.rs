//! An in-memory Kubernetes API with a CloudNativePG stand-in, served over HTTP.
