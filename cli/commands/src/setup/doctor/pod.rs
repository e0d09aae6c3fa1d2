//! A pod's own access to Kubernetes: what the kubelet mounts and says (Kubernetes, "Accessing the API from a Pod").

use std::env;
use std::fs;
use std::path::Path;

use super::report::Report;

/// Where the account's token, the API server's authority and the namespace are.
const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where the API server is.
const PLACE: [&str; 2] = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

/// Whether this is a pod.
pub fn is_one() -> bool {
    PLACE.iter().all(|name| env::var_os(name).is_some()) || Path::new(FOLDER).exists()
}

/// Whether everything is there.
pub fn look(report: &mut Report) {
    let missing: Vec<&str> = PLACE.into_iter().filter(|name| env::var_os(name).is_none()).collect();
    if !missing.is_empty() {
        let next = "the kubelet sets them in every container; an entry point must not clear the environment";
        return report.failure(format_args!("pod: {} is not set", missing.join(", ")), next);
    }
    let next = "the account's token must be mounted: automountServiceAccountToken of pod and ServiceAccount";
    for (name, begins) in [("token", ""), ("ca.crt", "-----BEGIN CERTIFICATE-----"), ("namespace", "")] {
        let file = Path::new(FOLDER).join(name);
        match fs::read_to_string(&file) {
            Err(error) => return report.failure(format_args!("pod: `{}`: {error}", file.display()), next),
            Ok(text) if text.trim().is_empty() || !text.contains(begins) => {
                return report.failure(format_args!("pod: `{}` holds no {name}", file.display()), next);
            }
            Ok(_) => {}
        }
    }
    report.ok("pod: token, authority and namespace of its account are mounted");
}
