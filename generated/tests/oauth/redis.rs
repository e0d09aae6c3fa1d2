//! A Redis that asks for a password and keeps nothing on disk.

use std::process::{Child, Command, Stdio};

use crate::server::free_port;

/// What must be said before a client is let in, with characters that an address writes otherwise.
pub const PASSWORD: &str = "p4ss/of+Redis?xY9~q";

/// [`PASSWORD`] as it stands in an address.
pub const IN_ADDRESS: &str = "p4ss%2Fof%2BRedis%3FxY9~q";

/// Ends with this value.
pub struct Redis {
    process: Child,
    /// Its address, with the password.
    pub url: String,
}

impl Redis {
    pub fn start() -> Self {
        let port = free_port();
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        let process = redis.args(["--requirepass", PASSWORD]).stdout(Stdio::null()).spawn().unwrap_or_else(|error| {
            panic!("`redis-server` does not start ({error}); ./tests/redis/install.sh installs it");
        });
        let url = format!("redis://:{IN_ADDRESS}@127.0.0.1:{port}");
        while std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Self { process, url }
    }

    /// Ends it, with all that it holds.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
