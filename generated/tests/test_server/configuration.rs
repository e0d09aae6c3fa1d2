//! How the server is configured.

use std::path::PathBuf;

use crate::server::run;

#[test]
fn what_is_wrong_with_the_configuration_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let config: PathBuf = folder.path().join("oidc.yaml");
    std::fs::write(&config, "issuer: https://issuer.example/\naudiense: x\n").unwrap();
    let config = config.to_str().unwrap();
    for arguments in [&["--config", config][..], &["--config", config, "--check-config"]] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains("oidc.yaml:2") && said.contains("did you mean `audience`"), "{said}");
        assert!(said.contains("audience"), "{said}");
    }
    std::fs::write(config, "issuer: https://issuer.example/\naudience: x\n").unwrap();
    let output = run(&["--config", config, "--check-config"]);
    assert!(output.status.success(), "neither a client nor keys are needed");
}
