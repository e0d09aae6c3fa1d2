//! The connection to one Kubernetes, shared by all calls.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use kube::Client;
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use super::RequestError;
use super::configuration::{DEFAULT_NAMESPACE, Sources};
use super::queue::ObjectQueues;

/// How to reach Kubernetes.
#[derive(Debug, Clone)]
pub struct KubernetesOptions {
    /// Kubeconfig file; unset: in-cluster, then `KUBECONFIG` or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; unset: its current one.
    pub context: Option<String>,
    /// Longest time that one request may take.
    pub request_timeout: Duration,
}

impl Default for KubernetesOptions {
    fn default() -> Self {
        Self { kubeconfig: None, context: None, request_timeout: Duration::from_secs(15) }
    }
}

/// Access to one Kubernetes. Making one does nothing: the configuration is looked for by the first call
/// that needs it, and again by the next one where it was not found, so that the server starts anywhere.
#[derive(Debug)]
pub struct Kubernetes {
    sources: Sources,
    request_timeout: Duration,
    client: OnceCell<ClientHandle>,
    namespace: OnceLock<String>,
    pub(crate) queues: ObjectQueues,
    undoing: TaskTracker,
}

/// [`Client`] without the need for `Debug` of its insides.
#[derive(Clone)]
struct ClientHandle(Client);

impl std::fmt::Debug for ClientHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Client")
    }
}

impl Kubernetes {
    /// Access as the options say; nothing is read or connected yet.
    pub fn new(options: KubernetesOptions) -> Self {
        Self {
            sources: Sources { kubeconfig: options.kubeconfig, context: options.context },
            request_timeout: options.request_timeout,
            client: OnceCell::new(),
            namespace: OnceLock::new(),
            queues: ObjectQueues::default(),
            undoing: TaskTracker::new(),
        }
    }

    /// The namespace that tools use where none is passed: the pod's own, else the kubeconfig context's,
    /// else `default`. It is kept once a configuration told it: like the client, it is looked for again
    /// while there is none.
    pub fn current_namespace(&self) -> &str {
        if let Some(known) = self.namespace.get() {
            return known;
        }
        self.sources.namespace().map_or(DEFAULT_NAMESPACE, |found| self.namespace.get_or_init(|| found))
    }

    /// Waits until every undo that is running has ended. To be called before the process ends, after the
    /// last call was handed in; each undo has a deadline of its own.
    pub async fn settled(&self) {
        self.undoing.close();
        self.undoing.wait().await;
        self.undoing.reopen();
    }

    pub(crate) fn undoing(&self) -> &TaskTracker {
        &self.undoing
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// The client, made at the first use.
    pub(crate) async fn client(&self) -> Result<Client, RequestError> {
        self.client.get_or_try_init(|| self.connect(None)).await.map(|handle| handle.0.clone())
    }

    /// A client of its own, for what is no tool's: setting up, and looking for what is wrong. `acting_as`: in whose
    /// name it asks (Kubernetes, "User impersonation"), where that is somebody else.
    ///
    /// # Errors
    /// Where there is no configuration that can be used; what is wrong, for people.
    pub async fn client_acting_as(&self, acting_as: Option<&str>) -> Result<Client, String> {
        match self.connect(acting_as).await {
            Ok(handle) => Ok(handle.0),
            Err(RequestError::NoConfiguration(what) | RequestError::Credentials(what)) => Err(what),
            Err(_) => Err("The configuration cannot be used.".to_owned()),
        }
    }

    async fn connect(&self, acting_as: Option<&str>) -> Result<ClientHandle, RequestError> {
        let mut config = self.sources.load().await.map_err(RequestError::NoConfiguration)?;
        if let Some(user) = acting_as {
            config.auth_info.impersonate = Some(user.to_owned());
            config.read_timeout = Some(self.request_timeout);
        }
        // kube's own retry repeats POST and PATCH as well.
        config.default_retry = false;
        config.connect_timeout = Some(self.request_timeout);
        crate::tls::install();
        // Off the async threads: a credential plugin of the kubeconfig runs in here.
        let made = tokio::task::spawn_blocking(move || Client::try_from(config)).await;
        match made {
            Ok(Ok(client)) => Ok(ClientHandle(client)),
            // Errors of credential plugins quote their output, which may hold a token.
            Ok(Err(kube::Error::Auth(_))) => Err(RequestError::Credentials(
                "The kubeconfig's credentials (token, certificate or plugin) cannot be used.".to_owned(),
            )),
            // The proxy's URL may hold a password.
            Ok(Err(kube::Error::ProxyProtocolDisabled { .. } | kube::Error::ProxyProtocolUnsupported { .. })) => {
                let what = "The kubeconfig (`proxy-url`) or the variable HTTPS_PROXY names a proxy, and Kubernetes is reached without one: take `proxy-url` out, or name the API server in NO_PROXY.";
                Err(RequestError::NoConfiguration(what.to_owned()))
            }
            Ok(Err(error)) => Err(RequestError::NoConfiguration(format!("The configuration cannot be used: {error}"))),
            Err(_) => Err(RequestError::NoConfiguration("The configuration cannot be used.".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_looked_for_until_a_configuration_tells_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let options = KubernetesOptions { kubeconfig: Some(path.clone()), ..KubernetesOptions::default() };
        let kubernetes = Kubernetes::new(options);
        assert_eq!(kubernetes.current_namespace(), "default");
        let kubeconfig = "
current-context: one
contexts: [{ name: one, context: { cluster: c, namespace: team-a } }]
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]
";
        std::fs::write(&path, kubeconfig).unwrap();
        assert_eq!(kubernetes.current_namespace(), "team-a");
        // One server serves one Kubernetes: what was found stays.
        std::fs::remove_file(&path).unwrap();
        assert_eq!(kubernetes.current_namespace(), "team-a");
    }
}
