//! A Redis server for one test: on a free port of this machine, keeping nothing on disk.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cnpg_mcp_runtime::auth::store::{RedisOptions, RedisStore, SessionStore as _};
use cnpg_mcp_runtime::secret::SecretText;

/// What must be said before a client is let in.
pub const PASSWORD: &str = "hunter2-of-redis";

/// Ends when dropped.
pub struct RedisServer {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
    tls: bool,
}

impl RedisServer {
    /// Starts one and waits until it answers.
    pub async fn start(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if tls {
            certificates(folder.path());
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = spawn(folder.path(), port, tls);
        let server = Self { process, folder, port, tls };
        server.wait().await;
        server
    }

    /// Ends the process, and with it all that it holds.
    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts again, empty, on the same port.
    pub async fn start_again(&mut self) {
        self.process = spawn(self.folder.path(), self.port, self.tls);
        self.wait().await;
    }

    /// Answers nobody from now on, and forgets nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Answers again.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Where it is, without the password.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How to reach it.
    pub fn options(&self) -> RedisOptions {
        let scheme = if self.tls { "rediss" } else { "redis" };
        RedisOptions {
            url: SecretText::new(format!("{scheme}://:{PASSWORD}@{}", self.address())),
            prefix: None,
            authorities: self.tls.then(|| std::fs::read(self.folder.path().join("ca.crt")).unwrap()),
        }
    }

    /// A store on it, as another replica would open it.
    pub fn store(&self) -> RedisStore {
        RedisStore::new(&self.options()).unwrap()
    }

    async fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while let Err(error) = self.store().ready().await {
            assert!(Instant::now() < end, "Redis does not answer: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(folder: &Path, port: u16, tls: bool) -> Child {
    let mut command = Command::new("redis-server");
    command.current_dir(folder).args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.args(["--requirepass", PASSWORD]);
    if tls {
        command.args(["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
        command.args(["--tls-cert-file", "server.crt", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.crt"]);
    } else {
        command.args(["--port", &port.to_string()]);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap_or_else(|error| {
        panic!("`redis-server` does not start ({error}); ./tests/redis/install.sh installs it");
    })
}

/// An authority and a certificate for 127.0.0.1 that it signed.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let made = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
        let made = made.unwrap_or_else(|error| panic!("`openssl` does not start ({error}), and this test needs it"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.crt"));
    openssl(&format!("req {key} -subj /CN=redis -keyout server.key -out server.csr"));
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt");
}
