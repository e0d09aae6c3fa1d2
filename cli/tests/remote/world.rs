//! A server, the provider behind it, and a person's home folder.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET, Provider};
use serde_json::Value;

use crate::person::{Seen, logs_in};
use crate::server::{Server, free_port};

/// What the provider's tokens are for.
pub const AUDIENCE: &str = "https://mcp.example.com/api";

pub struct World {
    pub provider: Provider,
    folder: tempfile::TempDir,
}

impl World {
    /// `more`: more lines of the configuration.
    pub async fn new(more: &str) -> Self {
        let provider = Provider::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("home")).unwrap();
        std::fs::write(path("secret"), CLIENT_SECRET).unwrap();
        std::fs::write(path("keys"), "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let config = format!(
            "issuer: {}\naudience: {AUDIENCE}\nclient_id: {CLIENT}\nclient_secret_file: {}\nsigning_key_file: {}\n{more}",
            provider.issuer(),
            path("secret").display(),
            path("keys").display()
        );
        std::fs::write(path("oidc.yaml"), config).unwrap();
        Self { provider, folder }
    }

    /// A main server that is let into after a login.
    pub async fn main_server(&self) -> Server {
        self.main_server_at(free_port()).await
    }

    pub async fn main_server_at(&self, port: u16) -> Server {
        Server::main(&self.folder.path().join("oidc.yaml"), port).await
    }

    /// A test server, whose tokens are the provider's.
    pub async fn test_server(&self) -> Server {
        let config = format!("issuer: {}\naudience: {AUDIENCE}\n", self.provider.issuer());
        let file = self.folder.path().join("test.yaml");
        std::fs::write(&file, config).unwrap();
        Server::test(&file, free_port()).await
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The command. It shows the address of a login, and takes a free port for it.
    pub fn command(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp"));
        command.args(arguments).args(["--url", url, "--no-browser", "--port", "0"]);
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.home());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs to the end without a person.
    pub async fn alone(&self, url: &str, arguments: &[&str]) -> Output {
        ended(self.command(url, arguments)).await
    }

    /// Runs with a person who logs in once, and allows what is asked.
    pub async fn with_person(&self, url: &str, arguments: &[&str]) -> (Output, Seen) {
        self.deciding(url, arguments, "allow").await
    }

    pub async fn deciding(&self, url: &str, arguments: &[&str], decision: &str) -> (Output, Seen) {
        let mut child = self.command(url, arguments).spawn().unwrap();
        let (mut child, said, address) = tokio::task::spawn_blocking(move || {
            let (said, address) = address(&mut child);
            (child, said, address)
        })
        .await
        .unwrap();
        let seen = logs_in(&self.provider, &address, decision).await;
        let output = tokio::task::spawn_blocking(move || {
            let mut rest = Vec::new();
            child.stderr.take().unwrap().read_to_end(&mut rest).unwrap();
            let mut output = child.wait_with_output().unwrap();
            output.stderr = [said.into_bytes(), rest].concat();
            output
        });
        (output.await.unwrap(), seen)
    }

    /// The file of the only login that is kept.
    pub fn kept_file(&self) -> PathBuf {
        let mut kept = self.kept_files();
        assert_eq!(kept.len(), 1, "{kept:?}");
        kept.remove(0)
    }

    pub fn kept_files(&self) -> Vec<PathBuf> {
        let folder = self.home().join(".cache/cnpg-mcp/logins");
        let all =
            std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |all| all.map(|one| one.unwrap().path()).collect());
        all.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect()
    }

    /// Changes what is kept of the login.
    pub fn change_kept(&self, change: impl FnOnce(&mut Value)) {
        let file = self.kept_file();
        let mut kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        change(&mut kept);
        // Written in place: the file stays its owner's alone.
        std::fs::write(file, kept.to_string()).unwrap();
    }

    pub fn kept(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.kept_file()).unwrap()).unwrap()
    }
}

/// Runs a command to its end.
pub async fn ended(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// What a command said until it showed an address, and the address. It reads no further: the rest is for others.
fn address(child: &mut Child) -> (String, String) {
    let mut said = String::new();
    let mut lines = BufReader::with_capacity(1, child.stderr.as_mut().unwrap());
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "{said}");
        said.push_str(&line);
        if line.starts_with("http") {
            return (said, line.trim().to_owned());
        }
    }
}

/// What a successful command printed.
#[track_caller]
pub fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a command that failed said.
#[track_caller]
pub fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{}", said(output));
    assert!(output.stdout.is_empty(), "{}", said(output));
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
