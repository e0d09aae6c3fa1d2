//! Where the API server is: in the pod's own cluster, else in a kubeconfig.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

/// Namespace of the pod that the server runs in (Kubernetes, "Accessing the API from a Pod").
const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Namespace where nothing names another.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// What `--kubeconfig` and `--context` say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
}

impl Sources {
    /// Whether a kubeconfig was asked for, so that the pod's own cluster is not meant.
    fn is_explicit(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// The configuration: in-cluster first, then the kubeconfig; an explicit option means the kubeconfig.
    ///
    /// The error is text for people. It quotes no file contents: those hold credentials.
    pub(crate) async fn load(&self) -> Result<Config, String> {
        let in_cluster = if self.is_explicit() {
            None
        } else {
            match Config::incluster() {
                Ok(config) => return Ok(config),
                Err(error) => Some(error.to_string()),
            }
        };
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        let from_file = match self.read() {
            Ok(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &options).await,
            Err(error) => Err(error),
        };
        from_file.map_err(|error| {
            let kubeconfig = in_words(&error);
            match in_cluster {
                Some(in_cluster) => format!("This is no pod ({in_cluster}), and {kubeconfig}."),
                None => format!("The kubeconfig was asked for, but {kubeconfig}."),
            }
        })
    }

    fn read(&self) -> Result<Kubeconfig, KubeconfigError> {
        match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        }
    }

    /// The namespace that tools use where none is passed: the pod's own, else the kubeconfig context's,
    /// else `default`. `None` where there is no configuration (yet) to tell it.
    pub(crate) fn namespace(&self) -> Option<String> {
        let pod = if self.is_explicit() { None } else { read_namespace(Path::new(POD_NAMESPACE)) };
        pod.or_else(|| {
            let kubeconfig = self.read().ok()?;
            Some(self.context_namespace(&kubeconfig).unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()))
        })
    }

    fn context_namespace(&self, kubeconfig: &Kubeconfig) -> Option<String> {
        let wanted = self.context.as_ref().or(kubeconfig.current_context.as_ref())?;
        let named = kubeconfig.contexts.iter().find(|named| named.name == *wanted)?;
        named.context.as_ref()?.namespace.clone().filter(|namespace| !namespace.is_empty())
    }
}

fn read_namespace(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn in_words(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::CurrentContextNotSet => {
            "the kubeconfig names no current context (`kubectl config use-context NAME`)".to_owned()
        }
        KubeconfigError::LoadContext(name) => {
            format!("the kubeconfig has no context `{name}` (`kubectl config get-contexts`)")
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("the kubeconfig's context names a cluster `{name}` that it does not hold")
        }
        KubeconfigError::FindPath => "there is no kubeconfig".to_owned(),
        KubeconfigError::ReadConfig(error, path) if error.kind() == std::io::ErrorKind::NotFound => {
            format!("there is no kubeconfig at `{}`", path.display())
        }
        KubeconfigError::ReadConfig(error, path) => {
            format!("the kubeconfig `{}` cannot be read: {error}", path.display())
        }
        KubeconfigError::Parse(_) => "the kubeconfig is no valid YAML of a kubeconfig".to_owned(),
        KubeconfigError::MissingClusterUrl => "the kubeconfig's cluster has no `server`".to_owned(),
        KubeconfigError::ParseClusterUrl(error) => format!("the kubeconfig's `server` is no URL: {error}"),
        KubeconfigError::LoadCertificateAuthority(_) => {
            "the kubeconfig's certificate authority cannot be read".to_owned()
        }
        KubeconfigError::LoadClientCertificate(_) => "the kubeconfig's client certificate cannot be read".to_owned(),
        KubeconfigError::LoadClientKey(_) => "the kubeconfig's client key cannot be read".to_owned(),
        _ => "the kubeconfig cannot be used".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: one
contexts:
  - { name: one, context: { cluster: c, user: u, namespace: team-a } }
  - { name: two, context: { cluster: c, user: u } }
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:1' } }]
users: [{ name: u, user: { token: do-not-show-me } }]
";

    /// The file is there as long as what comes first.
    fn written(text: &str) -> (NamedTempFile, Sources) {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let sources = Sources { kubeconfig: Some(file.path().to_owned()), context: None };
        (file, sources)
    }

    #[test]
    fn namespace_of_the_context() {
        let (_file, sources) = written(KUBECONFIG);
        assert_eq!(sources.namespace().as_deref(), Some("team-a"));
        assert_eq!(Sources { context: Some("two".into()), ..sources.clone() }.namespace().as_deref(), Some("default"));
        assert_eq!(Sources { context: Some("none".into()), ..sources }.namespace().as_deref(), Some("default"));
        assert_eq!(read_namespace(Path::new("/nonexistent")), None);
    }

    #[tokio::test]
    async fn says_what_is_missing() {
        let missing = Sources { kubeconfig: Some("/nonexistent/config".into()), context: None };
        assert_eq!(
            missing.load().await.err().unwrap(),
            "The kubeconfig was asked for, but there is no kubeconfig at `/nonexistent/config`."
        );
        let (_file, sources) = written(KUBECONFIG);
        let other = Sources { context: Some("none".into()), ..sources.clone() };
        assert!(other.load().await.err().unwrap().contains("no context `none`"));
        assert!(sources.load().await.is_ok());
    }

    #[tokio::test]
    async fn never_quotes_the_file() {
        let (_file, sources) = written("users: [{ name: u, user: { token: do-not-show-me\n  - broken: [");
        let error = sources.load().await.err().unwrap();
        assert!(!error.contains("do-not-show-me"), "{error}");
    }
}
