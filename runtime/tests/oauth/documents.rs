//! Clients that are described by a document at their identifier.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cnpg_mcp_runtime::auth::client_document::Reach;
use reqwest::StatusCode;
use serde_json::json;

use crate::browser::Browser;
use crate::program::Program;
use crate::world::World;

/// A web server over TLS: `openssl s_server`, which sends files that hold whole answers.
struct Site {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let openssl = |arguments: &str| {
            let made = Command::new("openssl").current_dir(folder.path()).args(arguments.split(' ')).output();
            let made =
                made.unwrap_or_else(|error| panic!("`openssl` does not start ({error}), and this test needs it"));
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.crt"));
        openssl(&format!("req {key} -subj /CN=localhost -keyout server.key -out server.csr"));
        std::fs::write(folder.path().join("names"), "subjectAltName=DNS:localhost\n").unwrap();
        openssl(
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt",
        );
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("openssl")
            .current_dir(folder.path())
            .args([
                "s_server",
                "-quiet",
                "-HTTP",
                "-port",
                &port.to_string(),
                "-cert",
                "server.crt",
                "-key",
                "server.key",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, folder, port }
    }

    fn url(&self, name: &str) -> String {
        format!("https://localhost:{}/{name}", self.port)
    }

    fn put(&self, name: &str, head: &str, body: &str) -> String {
        std::fs::write(self.folder.path().join(name), format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n"))).unwrap();
        self.url(name)
    }

    /// What may be reached in the test: this machine, whose addresses are not public.
    fn reach(&self) -> Reach {
        let authority = std::fs::read(self.folder.path().join("ca.crt")).unwrap();
        Reach { allows: |address| address.ip().is_loopback(), authorities: vec![authority] }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const OK: &str = "HTTP/1.0 200 OK\nContent-Type: application/json";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";

fn document(id: &str) -> String {
    json!({ "client_id": id, "client_name": "Example Client", "redirect_uris": [REDIRECT] }).to_string()
}

fn program(id: &str) -> Program {
    Program { id: id.to_owned(), redirect: REDIRECT.to_owned(), verifier: "v".repeat(43) }
}

#[tokio::test]
async fn a_client_with_a_document_needs_no_registration() {
    let mut site = Site::start();
    let mut world = World::new().await;
    world.reach = site.reach();
    let replica = world.replica().await;
    let id = site.url("client.json");
    site.put("client.json", OK, &document(&id));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let program = program(&id);
    let page = Browser::default().asked(&replica, &program.link(&replica)).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.body.contains("Example Client") && page.body.contains("described at"), "{}", page.body);
    // Kept: the site is not asked again.
    site.process.kill().unwrap();
    let (access, refresh) = program.log_in(&world, &replica).await;
    assert_eq!(replica.proxy.caller(&access).await.unwrap().client, id);
    assert_eq!(program.refresh(&replica, &refresh).await.status, StatusCode::OK);
    let mut other = program.clone();
    other.redirect = "https://evil.example/cb".to_owned();
    assert_eq!(Browser::default().get(&replica.here(&other.link(&replica))).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn documents_that_are_none_are_refused() {
    let site = Site::start();
    let mut world = World::new().await;
    world.reach = site.reach();
    let replica = world.replica().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let good = |name: &str| document(&site.url(name));
    let ids = [
        site.put("other.json", OK, &document("https://other.example/client.json")),
        site.put(
            "moved.json",
            &format!("HTTP/1.0 302 Found\nLocation: {}\nContent-Type: application/json", site.url("ok.json")),
            &good("moved.json"),
        ),
        site.put("missing.json", "HTTP/1.0 404 Not Found\nContent-Type: application/json", &good("missing.json")),
        site.put("page.json", "HTTP/1.0 200 OK\nContent-Type: text/html", &good("page.json")),
        site.put("large.json", OK, &format!("{}{}", good("large.json"), " ".repeat(20_000))),
        site.put("redirect.json", OK, &good("redirect.json").replace(REDIRECT, "http://evil.example/cb")),
        site.put("broken.json", OK, "{"),
        format!("https://localhost:{}/ok.json", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()),
    ];
    for id in &ids {
        let answer = Browser::default().get(&replica.here(&program(id).link(&replica))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}");
        assert!(answer.body.contains("not known here"), "{id}");
    }
    let id = site.put("ok.json", OK, &good("ok.json"));
    let answer = Browser::default().get(&replica.here(&program(&id).link(&replica))).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{answer:?}");
}

#[tokio::test]
async fn by_default_nothing_that_is_not_public_is_reached() {
    let site = Site::start();
    let mut world = World::new().await;
    world.reach = Reach { authorities: site.reach().authorities, ..Reach::public() };
    let replica = world.replica().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let id = site.url("client.json");
    site.put("client.json", OK, &document(&id));
    let answer = Browser::default().get(&replica.here(&program(&id).link(&replica))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
