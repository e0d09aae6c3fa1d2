//! `import-crd --from-cluster` with the real `kubectl` against an API server. Needs `kubectl` on the path.

use std::process::Command;

use cnpg_mcp_sandbox::Sandbox;
use cnpg_mcp_sandbox::seed::Seed;
use cnpg_mcp_tests::{binary, world};
use serde_json::Value;

const DEFINITION: &str = "codegen/tests/import_crd/certificate.yaml";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_gives_what_the_file_gives() -> anyhow::Result<()> {
    let file = world::root().join(DEFINITION);
    let definition: Value = serde_yaml::from_str(&std::fs::read_to_string(&file)?)?;
    let sandbox = Sandbox::builder().kinds(vec![definition]).preload(Seed::none()).start().await?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("kubeconfig");
    std::fs::write(&config, sandbox.kubeconfig())?;
    let import = |arguments: &[&str], out: &str| {
        Command::new(binary::path("cnpg-mcp-codegen"))
            .arg("import-crd")
            .args(arguments)
            .arg("--out")
            .arg(folder.path().join(out))
            .env("KUBECONFIG", &config)
            // Keeps the caches of `kubectl` out of the user's home.
            .env("HOME", folder.path())
            .output()
    };
    tokio::task::block_in_place(|| {
        let asked = import(&["--from-cluster", "certificates.cert-manager.io"], "cluster")?;
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        let read = import(&[&file.display().to_string()], "file")?;
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let described = |out: &str| std::fs::read_to_string(folder.path().join(out).join("certificate.yaml"));
        let without_guess =
            |text: String| text.replace(" # who brings the kind, for errors where it is not there; name it better", "");
        assert_eq!(without_guess(described("cluster")?), without_guess(described("file")?));

        let unknown = import(&["--from-cluster", "nothing.example.com"], "unknown")?;
        let said = String::from_utf8_lossy(&unknown.stderr);
        assert_eq!(unknown.status.code(), Some(1));
        assert!(
            said.starts_with("error: kubectl cannot give crd nothing.example.com: ") && said.contains("NotFound"),
            "{said}"
        );
        Ok(())
    })
}
