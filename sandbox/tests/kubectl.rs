//! The people's own client against the sandbox. Needs `kubectl` on the path; says so where it is not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use cnpg_mcp_sandbox::Sandbox;
use serde_json::Value;

mod fixture;

struct Kubectl {
    config: tempfile::NamedTempFile,
    // Keeps its caches out of the user's home.
    home: tempfile::TempDir,
}

impl Kubectl {
    fn new(sandbox: &Sandbox) -> Self {
        let mut config = tempfile::NamedTempFile::new().unwrap();
        config.write_all(sandbox.kubeconfig().as_bytes()).unwrap();
        Self { config, home: tempfile::tempdir().unwrap() }
    }

    fn output(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(self.config.path())
            .args(arguments)
            .env("HOME", self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = self.output(arguments, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn cluster(instances: u32) -> String {
    format!(
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: pg, namespace: default}}\nspec: \
         {{instances: {instances}, storage: {{size: 1Gi}}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_works_as_on_a_real_cluster() {
    let ground = fixture::ground().await;
    let kubectl = Kubectl::new(&ground.sandbox);
    tokio::task::spawn_blocking(move || {
        assert_eq!(kubectl.run(&["auth", "can-i", "list", "secrets"], "").trim(), "yes");
        assert!(kubectl.run(&["apply", "-f", "-"], &cluster(1)).contains("cluster.postgresql.cnpg.io/pg created"));
        assert!(kubectl.run(&["apply", "-f", "-"], &cluster(2)).contains("configured"));
        assert!(kubectl.run(&["apply", "-f", "-"], &cluster(2)).contains("unchanged"));
        let applied = kubectl.run(&["apply", "--server-side", "-f", "-"], &cluster(2));
        assert!(applied.contains("serverside-applied"), "{applied}");
        kubectl.run(&["wait", "cluster/pg", "--for=condition=Ready", "--timeout=20s"], "");
        let shown = kubectl.run(&["get", "pods", "-l", "cnpg.io/cluster=pg"], "");
        assert!(shown.contains("pg-1") && shown.contains("Running"), "{shown}");
        kubectl.run(&["patch", "cluster", "pg", "--type=merge", "-p", r#"{"spec":{"instances":3}}"#], "");
        let text = kubectl.run(&["get", "cluster", "pg", "-o", "json"], "");
        let object: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["spec"]["instances"], 3);
        assert!(kubectl.run(&["describe", "cluster", "pg"], "").contains("Events:"));
        kubectl.run(&["label", "cluster", "pg", "team=a"], "");
        assert!(kubectl.run(&["get", "clusters", "-l", "team=a", "-o", "name"], "").contains("/pg"));
        kubectl.run(&["create", "secret", "generic", "s", "--from-literal=a=b"], "");
        assert_eq!(kubectl.run(&["get", "secret", "s", "-o", "jsonpath={.data.a}"], ""), "Yg==");
        kubectl.run(&["create", "namespace", "other"], "");
        kubectl.run(&["delete", "namespace", "other", "--timeout=20s"], "");
        kubectl.run(&["delete", "cluster", "pg", "--timeout=20s"], "");
        let gone = kubectl.output(&["get", "cluster", "pg"], "");
        assert!(String::from_utf8_lossy(&gone.stderr).contains("NotFound"));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_grants_and_asks_what_is_granted() {
    let ground = fixture::ground().await;
    let kubectl = Kubectl::new(&ground.sandbox);
    tokio::task::spawn_blocking(move || {
        // The last line: kubectl adds warnings before its answer.
        let can = |arguments: &[&str]| -> String {
            let output = kubectl.output(&[&["auth", "can-i"][..], arguments].concat(), "");
            String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().trim().to_owned()
        };
        let (alice, account) = ("--as=alice", "--as=system:serviceaccount:default:robot");
        assert_eq!(can(&["get", "secrets", alice]), "no");
        let logs = ["create", "role", "logs", "--verb=get,list", "--resource=pods,pods/log"];
        kubectl.run(&logs, "");
        kubectl.run(&["create", "rolebinding", "logs", "--role=logs", "--user=alice", "--serviceaccount=default:robot"], "");
        let team = ["create", "clusterrole", "team", "--verb=get", "--resource=clusters.postgresql.cnpg.io", "--resource-name=pg"];
        kubectl.run(&team, "");
        kubectl.run(&["create", "clusterrolebinding", "team", "--clusterrole=team", "--group=dba"], "");
        for (arguments, wanted) in [
            (&["get", "pods", alice][..], "yes"),
            (&["get", "pods", "--subresource=log", alice], "yes"),
            (&["get", "pods", "--subresource=log", account], "yes"),
            (&["get", "pods", "--subresource=log", "-n", "kube-system", alice], "no"),
            (&["get", "pods", "--subresource=exec", alice], "no"),
            (&["delete", "pods", alice], "no"),
            (&["get", "clusters.postgresql.cnpg.io/pg", alice], "no"),
            (&["get", "clusters.postgresql.cnpg.io/pg", alice, "--as-group=dba"], "yes"),
            (&["get", "clusters.postgresql.cnpg.io/other", alice, "--as-group=dba"], "no"),
            (&["get", "/version", alice], "yes"),
            (&["get", "/metrics", alice], "no"),
            (&["*", "*", alice], "no"),
            (&["*", "*"], "yes"),
        ] {
            assert_eq!(can(arguments), wanted, "{arguments:?}");
        }
        let rules = kubectl.run(&["auth", "can-i", "--list", alice], "");
        let line = rules.lines().find(|line| line.starts_with("pods/log")).unwrap_or_default();
        assert!(line.contains("[get list]"), "{rules}");
        let me = kubectl.run(&["auth", "whoami", "-o", "json", alice, "--as-group=dba"], "");
        let me: Value = serde_json::from_str(&me).unwrap();
        assert_eq!(me["status"]["userInfo"]["groups"], serde_json::json!(["dba", "system:authenticated"]));
        // In the account's name: over plain HTTP kubectl sends no token.
        kubectl.run(&["get", "pods", account], "");
        let refused = kubectl.output(&["get", "secrets", account], "");
        let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
        let words = "secrets is forbidden: User \"system:serviceaccount:default:robot\" cannot list resource \"secrets\" in API \
                     group \"\" in the namespace \"default\"";
        assert!(refused.contains(words), "{refused}");
    })
    .await
    .unwrap();
}
