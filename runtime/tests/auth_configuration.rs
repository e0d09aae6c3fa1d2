//! Configuration of who is let in: precedence, places of problems, and the documented example.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::path::PathBuf;

use cnpg_mcp_runtime::auth::configuration::{
    Configuration, EffectScopes, Given, KEYS, Problems, Server, SigningKeys, Sources, StoreChoice, Where,
};

const LOCAL: Where = Where { loopback: true, port: 4204 };
const PUBLIC: Where = Where { loopback: false, port: 4204 };

const LEAST: &str = "issuer: https://issuer.example/\naudience: api\nclient_id: proxy\n";

/// A folder with a configuration file, a secret and keys.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.path("secret"), "hunter2\n").unwrap();
        std::fs::write(folder.path("keys"), "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n").unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sources(&self, text: &str) -> Sources {
        std::fs::write(self.path("oidc.yaml"), text).unwrap();
        Sources { file: Some(self.path("oidc.yaml")), ..Sources::default() }
    }

    fn settle(&self, text: &str, listens: Where) -> Result<Configuration, Problems> {
        Configuration::settle(Given::read(&self.sources(text)), Server::Main, listens).1
    }

    /// The problems of a text, without the folder's name.
    fn problems(&self, text: &str, listens: Where) -> Vec<String> {
        let problems = self.settle(text, listens).unwrap_err();
        let folder = format!("{}/", self.0.path().display());
        problems.0.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }

    fn with_secret(&self, text: &str) -> String {
        format!("{text}client_secret_file: {}\n", self.path("secret").display())
    }
}

#[test]
fn a_small_file_will_do_on_loopback() {
    let folder = Folder::new();
    let configuration = folder.settle(&folder.with_secret(LEAST), LOCAL).unwrap();
    assert_eq!(configuration.issuer, "https://issuer.example/");
    assert_eq!(configuration.public_url.as_str(), "http://localhost:4204");
    assert_eq!(configuration.signing_keys, Some(SigningKeys::Generated));
    assert!(matches!(configuration.session_store, StoreChoice::Memory));
    assert_eq!(configuration.authorize_params, [("audience".to_owned(), "api".to_owned())]);
    assert_eq!(configuration.token_params, configuration.authorize_params);
    assert_eq!(configuration.scopes, ["openid", "profile", "email", "offline_access"]);
    assert_eq!((configuration.impersonation, configuration.effect_scopes), (None, None));
    assert_eq!(configuration.client.unwrap().secret.current().expose(), "hunter2");
}

#[test]
fn elsewhere_the_public_url_and_keys_are_needed() {
    let folder = Folder::new();
    let problems = folder.problems(&folder.with_secret(LEAST), PUBLIC);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with("`public_url` is missing") && problems[0].contains("CNPG_MCP_PUBLIC_URL"));
    assert!(problems[1].starts_with("`signing_key_file` is missing") && problems[1].contains("openssl rand"));
    let text = format!(
        "{}public_url: https://mcp.example.com/\nsigning_key_file: {}\n",
        folder.with_secret(LEAST),
        folder.path("keys").display()
    );
    let configuration = folder.settle(&text, PUBLIC).unwrap();
    assert_eq!(configuration.public_url.as_str(), "https://mcp.example.com");
    assert!(configuration.signing_keys.unwrap().roots().is_ok());
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = Folder::new();
    let mut sources = folder.sources(&folder.with_secret(&format!("{LEAST}scopes: [openid]\n")));
    let read = |sources: &Sources| Configuration::settle(Given::read(sources), Server::Main, LOCAL);
    assert_eq!(read(&sources).1.unwrap().scopes, ["openid"]);
    sources.environment.insert("CNPG_MCP_SCOPES".to_owned(), "openid email".to_owned());
    sources.environment.insert("CNPG_MCP_ISSUER".to_owned(), String::new());
    assert_eq!(read(&sources).1.unwrap().scopes, ["openid", "email"]);
    sources.flags.insert("scopes".to_owned(), "openid,profile".to_owned());
    sources.flags.insert("authorize_params".to_owned(), "audience=x,organization=org_1".to_owned());
    sources.flags.insert("effect_scopes.write".to_owned(), "pg:write".to_owned());
    let (shown, configuration) = read(&sources);
    let configuration = configuration.unwrap();
    assert_eq!(configuration.scopes, ["openid", "profile"]);
    assert_eq!(configuration.authorize_params[1], ("organization".to_owned(), "org_1".to_owned()));
    let [read, write, destroy] = ["cnpg:read", "pg:write", "cnpg:destroy"].map(str::to_owned);
    assert_eq!(configuration.effect_scopes, Some(EffectScopes { read, write, destroy }));
    let shown = shown.to_string();
    assert!(shown.contains("scopes: [\"openid\", \"profile\"]  # --scopes\n"), "{shown}");
    assert!(shown.contains("oidc.yaml:1:9\n"), "{shown}");
}

#[test]
fn everything_can_come_from_the_environment() {
    let environment = [
        ("CNPG_MCP_ISSUER", "https://issuer.example"),
        ("CNPG_MCP_AUDIENCE", "api"),
        ("CNPG_MCP_CLIENT_ID", "proxy"),
        ("CNPG_MCP_CLIENT_SECRET", "hunter2"),
        ("CNPG_MCP_SESSION_STORE", "redis://:hunter3@redis:6379"),
        ("CNPG_MCP_IMPERSONATE", "true"),
        ("CNPG_MCP_IMPERSONATION_PREFIX", "-"),
        ("CNPG_MCP_TRUSTED_PROXIES", "1"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let given = Given::read(&Sources { environment, ..Sources::default() });
    let (shown, configuration) = Configuration::settle(given, Server::Main, LOCAL);
    let configuration = configuration.unwrap();
    assert_eq!(configuration.trusted_proxies, 1);
    assert_eq!(configuration.impersonation.as_ref().unwrap().prefix, "");
    let StoreChoice::Redis { url, .. } = &configuration.session_store else { panic!("{configuration:?}") };
    assert_eq!(url.expose(), "redis://:hunter3@redis:6379");
    assert!(!format!("{shown}{configuration:?}").contains("hunter"), "{shown}");
    assert!(shown.to_string().contains("session_store: \"redis://<secret>@redis:6379\"  # CNPG_MCP_SESSION_STORE"));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let folder = Folder::new();
    let text = "\
issuer: http://issuer.example/
audience: [a, list]
clientid: proxy
client_secret: hunter2
scopes: [profile]
authorize_params: { state: x }
public_url: https://mcp.example.com/mcp
branding:
  nam: Example
  logo: https://evil.example/logo.png
allowed_hosts: [\"user@host\"]
allowed_origins: [https://x.example/path]
session_store: postgres://x:hunter3@y
trusted_proxies: -1
rate_limits: 5
impersonate: yes
audience: again
";
    let problems = folder.problems(text, LOCAL);
    for (problem, begin) in problems.iter().zip([
        "oidc.yaml:2:11: `audience` is a list, where text is expected",
        "oidc.yaml:3:1: `clientid` is not known (did you mean `client_id`?)",
        "oidc.yaml:4:1: `client_secret` does not belong into this file",
        "oidc.yaml:9:3: `branding.nam` is not known (did you mean `branding.name`?)",
        "oidc.yaml:14:18: `trusted_proxies` is text, where a whole number is expected",
        "oidc.yaml:15:14: `rate_limits` is a number, where a mapping of keys is expected",
        "oidc.yaml:16:14: `impersonate` is text, where `true` or `false` is expected",
        "oidc.yaml:17:1: `audience` stands here a second time",
        "oidc.yaml:1:9: `issuer` is not encrypted",
        "oidc.yaml:7:13: `public_url` has a path",
        "oidc.yaml:5:9: `scopes` lacks `openid`",
        "oidc.yaml:6:19: `authorize_params` has `state`, which the server sets itself",
        "oidc.yaml:11:16: `allowed_hosts` has `user@host`, which is no host",
        "oidc.yaml:12:18: `allowed_origins` has `https://x.example/path`, which is no origin",
        "oidc.yaml:13:16: `session_store` is neither",
        "oidc.yaml:10:9: `branding.logo` is no image",
        "`client_id` is missing",
        "`client_secret_file` is missing",
    ]) {
        assert!(problem.starts_with(begin), "expected: {begin}\n     got: {problem}");
    }
    assert_eq!(problems.len(), 18, "{problems:#?}");
    assert!(!problems.concat().contains("hunter"), "{problems:#?}");
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let folder = Folder::new();
    let missing = Sources { file: Some(folder.path("nothing.yaml")), ..Sources::default() };
    let problems = Configuration::settle(Given::read(&missing), Server::Main, LOCAL).1.unwrap_err();
    assert!(problems.0[0].to_string().contains("nothing.yaml: the configuration cannot be read"), "{problems}");
    for (text, begin) in [
        ("a: [\n", "oidc.yaml:"),
        ("- a\n", "oidc.yaml:1:1: the file is a list, where a mapping of keys is expected"),
        ("client_id: *x\n", "oidc.yaml:1:12: this is not valid YAML"),
        ("# nothing\n", "`issuer` is missing"),
    ] {
        let problems = folder.problems(text, LOCAL);
        assert!(problems[0].starts_with(begin), "{problems:#?}");
        assert!(text.starts_with('#') || problems.len() == 1, "of what was not read nothing is missing: {problems:#?}");
    }
    let text =
        format!("{LEAST}client_secret_file: /nowhere/secret\nsigning_key_file: {}\n", folder.path("secret").display());
    let problems = folder.problems(&text, LOCAL);
    assert!(problems[0].starts_with("oidc.yaml:4:21: `client_secret_file` is of no use: /nowhere/secret: "));
    assert!(problems[1].contains("`signing_key_file` is of no use: secret:1: "), "{problems:#?}");
    assert!(!problems.concat().contains("hunter"), "{problems:#?}");
}

#[test]
fn the_test_server_reads_the_same_file_and_needs_less() {
    let folder = Folder::new();
    let text = "issuer: https://issuer.example/\naudience: api\npublic_url: https://mcp.example.com\nclient_id: proxy\nsigning_key_file: /only/for/the/main/server\n";
    let given = Given::read(&folder.sources(text));
    let configuration = Configuration::settle(given, Server::Test, PUBLIC).1.unwrap();
    assert!(configuration.client.is_none() && configuration.signing_keys.is_none());
}

/// The example, with what is commented out or without it.
fn example(folder: &Folder, all: bool) -> String {
    let text = include_str!("../oidc.example.yaml");
    let mut lines = Vec::new();
    for line in text.lines() {
        let body = line.strip_prefix("# ").filter(|body| {
            let key = body.trim_start().split(':').next().unwrap_or_default();
            let rest = &body.trim_start()[key.len()..];
            (rest == ":" || rest.starts_with(": "))
                && !key.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        });
        lines.push(if all { body.unwrap_or(line) } else { line });
    }
    let file = |name: &str| folder.path(name).display().to_string();
    let text = lines.join("\n").replace("/etc/mcp/client-secret", &file("secret"));
    text.replace("/etc/mcp/signing-keys", &file("keys")).replace("/etc/mcp/redis-ca.pem", &file("keys"))
}

#[test]
fn the_example_is_right_with_and_without_what_is_commented_out() {
    let folder = Folder::new();
    folder.settle(&example(&folder, false), PUBLIC).unwrap();
    let given = Given::read(&folder.sources(&example(&folder, true)));
    let (shown, configuration) = Configuration::settle(given, Server::Main, PUBLIC);
    configuration.unwrap();
    let shown = shown.to_string();
    let from_file = shown.lines().filter(|line| line.contains("oidc.yaml:")).count();
    let session_store_details = 2;
    assert_eq!(from_file + session_store_details, KEYS.iter().filter(|key| key.in_file()).count(), "{shown}");
}
