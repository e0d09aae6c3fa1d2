//! `cnpg-mcp token` against an identity provider that behaves like Auth0.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use cnpg_mcp_provider::{PUBLIC_CLIENT, Provider};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://mcp.example.com/api";

/// A provider, and a person's home folder.
struct World {
    provider: Provider,
    home: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        Self { provider: Provider::start().await.unwrap(), home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp"));
        command.arg("token").args(arguments).current_dir(self.home.path());
        command.env_clear().env("HOME", self.home.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The command with everything that says whose token, and for what.
    fn token(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.args(["--issuer", self.provider.issuer(), "--audience", AUDIENCE, "--client-id", PUBLIC_CLIENT]);
        command
    }

    /// Runs to the end without a person.
    fn alone(&self, arguments: &[&str]) -> Output {
        self.token(arguments).output().unwrap()
    }

    /// Runs with a person who opens the first address that is shown, and goes wherever it leads.
    async fn by_person(&self, mut command: Command) -> Output {
        let mut child = command.spawn().unwrap();
        let (said, address) = address(&mut child);
        // The page for device codes is the end of the way.
        if let Ok(back) = self.provider.visit(&address).await {
            let page = reqwest::get(back).await.unwrap();
            assert_eq!(page.status(), 200);
            assert_eq!(page.headers()["cache-control"], "no-store");
            assert!(page.text().await.unwrap().contains("can be closed"));
        }
        let mut output = tokio::task::spawn_blocking(move || {
            let rest = child.stderr.take();
            let output = child.wait_with_output().unwrap();
            drop(rest);
            output
        })
        .await
        .unwrap();
        output.stderr = said.into_bytes();
        output
    }

    async fn by_browser(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["--no-browser", "--port", "0"];
        all.extend(arguments);
        self.by_person(self.token(&all)).await
    }

    fn kept(&self) -> Vec<PathBuf> {
        let folder = self.home.path().join(".cache/cnpg-mcp/tokens");
        std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |all| all.map(|one| one.unwrap().path()).collect())
    }
}

/// What a command said until it showed an address, and the address.
fn address(child: &mut Child) -> (String, String) {
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap());
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "{said}");
        said.push_str(&line);
        if let Some(address) = line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1")) {
            return (said.clone(), address.to_owned());
        }
    }
}

fn printed(output: &Output) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    stdout.trim().to_owned()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_logs_in_once_and_then_the_token_is_kept_and_renewed() {
    let world = World::new().await;
    let output = world.by_browser(&[]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = printed(&output);
    assert_eq!(first.split('.').count(), 3, "nothing but the token is printed");
    assert!(!said.contains(&first));

    assert_eq!(printed(&world.alone(&[])), first);
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1);
    assert_eq!(world.provider.count("refresh_token").await.unwrap(), 0);

    let claims: Value = serde_json::from_str(&printed(&world.alone(&["--claims"]))).unwrap();
    assert!(claims["aud"].to_string().contains(AUDIENCE), "{claims}");
    assert_eq!(claims["azp"], PUBLIC_CLIENT);

    let renewed = printed(&world.alone(&["--renew"]));
    assert_ne!(renewed, first);
    // Refresh tokens rotate here: the new one was kept.
    assert_ne!(printed(&world.alone(&["--renew"])), renewed);
    assert_eq!(world.provider.count("refresh_token").await.unwrap(), 2);
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new().await;
    let token = printed(&world.by_browser(&[]).await);
    let files = world.kept();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert!(std::fs::read_to_string(file).unwrap().contains(&token));

    // Whoever else could read it may have done so.
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = world.by_browser(&[]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("others can read it"));
    assert_ne!(printed(&output), token);

    printed(&world.alone(&["--forget"]));
    assert!(world.kept().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_logs_in() {
    let world = World::new().await;
    let output = world.by_person(world.token(&["--device"])).await;
    assert_eq!(printed(&output).split('.').count(), 3);
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_on_another_device_is_told() {
    let world = World::new().await;
    world.provider.deny().await.unwrap();
    let mut child = world.token(&["--device"]).spawn().unwrap();
    let (_, address) = address(&mut child);
    // The page tells the person; nothing leads back.
    assert!(world.provider.visit(&address).await.is_err());
    let mut stderr = child.stderr.take().unwrap();
    let said = tokio::task::spawn_blocking(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said)
    });
    let said = said.await.unwrap().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(said.contains("access_denied"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_auth0_config_says_need_not_be_said() {
    let world = World::new().await;
    let file = world.home.path().join("auth0-config.json");
    let said = refused(&world.command(&[]).output().unwrap());
    assert!(said.contains("--issuer is missing, and there is no auth0-config.json here"), "{said}");

    let config = json!({ "issuer": world.provider.issuer(), "audience": AUDIENCE, "test_client": {} });
    std::fs::write(&file, config.to_string()).unwrap();
    let said = refused(&world.command(&[]).output().unwrap());
    assert!(said.contains("auth0-config.json has no `test_client.client_id`"), "{said}");

    let config = json!({
        "issuer": world.provider.issuer(),
        "audience": AUDIENCE,
        "test_client": { "client_id": PUBLIC_CLIENT },
        "server_client": { "client_secret": "hunter2" },
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let output = world.by_person(world.command(&["--no-browser", "--port", "0"])).await;
    assert_eq!(printed(&output).split('.').count(), 3);

    std::fs::write(&file, r#"{ "server_client": "hunter2 "#).unwrap();
    let said = refused(&world.command(&[]).output().unwrap());
    assert!(said.contains("auth0-config.json:1:") && !said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_and_strangers_cannot_answer() {
    let world = World::new().await;
    world.provider.deny().await.unwrap();
    let mut child = world.token(&["--no-browser", "--port", "0"]).spawn().unwrap();
    let (_, address) = address(&mut child);
    let back = world.provider.visit(&address).await.unwrap();
    let callback = back.split('?').next().unwrap().to_owned();
    for forged in ["", "?code=abc", "?code=abc&state=guessed", "?error=access_denied&state="] {
        let page = reqwest::get(format!("{callback}{forged}")).await.unwrap();
        assert_eq!(page.status(), 400, "{forged}");
    }
    assert!(child.try_wait().unwrap().is_none(), "a forged answer ends nothing");
    let page = reqwest::get(back).await.unwrap();
    assert!(page.text().await.unwrap().contains("refused"));
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let said = refused(&output);
    assert!(said.contains("the identity provider refused: access_denied"), "{said}");
    assert!(world.kept().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_costs_no_login() {
    let world = World::new().await;
    let token = printed(&world.by_browser(&[]).await);
    world.provider.away(true).await.unwrap();
    // What is kept needs nobody.
    assert_eq!(printed(&world.alone(&[])), token);
    let said = refused(&world.alone(&["--renew"]));
    assert!(said.contains("not available"), "{said}");
    world.provider.away(false).await.unwrap();
    assert_ne!(printed(&world.alone(&["--renew"])), token);
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1);
}
