//! State in Redis (6.2 or newer), shared by replicas and kept across restarts.
//!
//! Each operation is one command or one script, which Redis runs with nothing in between. No command is sent
//! a second time by itself: whether a lost one took place is not known.

use std::fmt;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError, RedisResult, Script, TlsCertificates};

use super::key::Key;
use super::{Count, SessionStore, StoreError, bounded, life};

/// Time for Redis to accept a connection, and to answer a command.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longest time of an operation, waiting for a connection included.
const DEADLINE: Duration = Duration::from_secs(3);

/// Attempts to connect again within one operation; the next operation tries anew.
const ATTEMPTS: usize = 2;

/// Before every key, where nothing else is configured.
const PREFIX: &str = "cnpg-mcp:";

/// `KEYS[1]`, expected value, new value, life in milliseconds.
const SWAP: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1";

/// `KEYS[1]`, expected value.
const DELETE_SAME: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

/// `KEYS[1]`, length of the window in milliseconds. A counter without an end cannot be, but would lock somebody out for ever.
const COUNT: &str = "local events = redis.call('INCR', KEYS[1])
if events == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {events, redis.call('PTTL', KEYS[1])}";

/// Which Redis, and how.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://[user:password@]host[:port][/db]`, or `rediss://…` for TLS.
    pub url: crate::secret::SecretText,
    /// Before every key, so that servers with different prefixes can share a Redis. `None`: `cnpg-mcp:`.
    pub prefix: Option<String>,
    /// Certificates (PEM) that sign the server's own. `None`: those of the system.
    pub authorities: Option<Vec<u8>>,
}

/// A store in Redis. Replicas with the same Redis and prefix share everything.
pub struct RedisStore {
    connection: ConnectionManager,
    prefix: String,
    swap: Script,
    delete_same: Script,
    count: Script,
}

impl RedisStore {
    /// Prepares a store; Redis is reached when the store is first used, so ask [`SessionStore::ready`]. Must be
    /// called within a Tokio runtime.
    ///
    /// # Errors
    /// Where the address is none of Redis, or the certificates are none.
    pub fn new(options: &RedisOptions) -> Result<Self, StoreError> {
        let url = options.url.expose();
        let encrypted = url.starts_with("rediss://");
        if !encrypted && !url.starts_with("redis://") {
            return Err(wrong("not an address of Redis; write redis://host:port, or rediss://host:port for TLS"));
        }
        if url.contains('#') {
            // `#insecure` would turn off the verification of certificates.
            return Err(wrong("an address of Redis has no `#` part; percent-encode a `#` in the password as %23"));
        }
        if encrypted {
            // Only one can be first; whichever it is, it is ring's.
            let _ = rustls::crypto::ring::default_provider().install_default();
        } else if options.authorities.is_some() {
            return Err(wrong("certificates are given, but redis:// is not encrypted; write rediss://"));
        }
        let client = if encrypted {
            let certificates = TlsCertificates { client_tls: None, root_cert: options.authorities.clone() };
            Client::build_with_tls(url, certificates)
        } else {
            Client::open(url)
        }
        // The library's message may quote what it could not read.
        .map_err(|_| wrong("the address of Redis, or a certificate for it, cannot be read"))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(ATTEMPTS);
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(|error| told(&error))?;
        Ok(Self {
            connection,
            prefix: options.prefix.clone().unwrap_or_else(|| PREFIX.to_owned()),
            swap: Script::new(SWAP),
            delete_same: Script::new(DELETE_SAME),
            count: Script::new(COUNT),
        })
    }

    fn name(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }

    fn command(&self, name: &str, key: &Key) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(self.name(key));
        command
    }

    /// Runs one command.
    fn run<'a, T: FromRedisValue + Send + 'a>(&'a self, command: Cmd) -> BoxFuture<'a, Result<T, StoreError>> {
        let mut connection = self.connection.clone();
        in_time(async move { command.query_async(&mut connection).await }).boxed()
    }

    /// Runs one script.
    fn run_script<'a, T: FromRedisValue + Send + 'a>(
        &'a self,
        script: &'a Script,
        key: &Key,
        arguments: &[&[u8]],
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let mut connection = self.connection.clone();
        let mut call = script.key(self.name(key));
        for argument in arguments {
            call.arg(*argument);
        }
        in_time(async move { call.invoke_async(&mut connection).await }).boxed()
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RedisStore({})", self.prefix)
    }
}

impl SessionStore for RedisStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.run(self.command("GET", key))
    }

    fn put<'a>(&'a self, key: &'a Key, value: &'a [u8], life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        if let Err(error) = bounded(value) {
            return futures::future::ready(Err(error)).boxed();
        }
        let mut command = self.command("SET", key);
        command.arg(value).arg("PX").arg(millis(life));
        self.run(command)
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a Key,
        value: &'a [u8],
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        if let Err(error) = bounded(value) {
            return futures::future::ready(Err(error)).boxed();
        }
        let mut command = self.command("SET", key);
        command.arg(value).arg("NX").arg("PX").arg(millis(life));
        // `OK`, or nil where something is there.
        self.run::<Option<String>>(command).map(|answer| answer.map(|put| put.is_some())).boxed()
    }

    fn take<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.run(self.command("GETDEL", key))
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a Key,
        expected: &'a [u8],
        value: &'a [u8],
        life: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        if let Err(error) = bounded(value) {
            return futures::future::ready(Err(error)).boxed();
        }
        self.run_script(&self.swap, key, &[expected, value, millis(life).to_string().as_bytes()])
    }

    fn compare_and_delete<'a>(&'a self, key: &'a Key, expected: &'a [u8]) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.run_script(&self.delete_same, key, &[expected])
    }

    fn extend<'a>(&'a self, key: &'a Key, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        let mut command = self.command("PEXPIRE", key);
        command.arg(millis(life));
        self.run(command)
    }

    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.run(self.command("DEL", key))
    }

    fn count<'a>(&'a self, key: &'a Key, window: Duration) -> BoxFuture<'a, Result<Count, StoreError>> {
        self.run_script::<(u64, u64)>(&self.count, key, &[millis(window).to_string().as_bytes()])
            .map(|answer| answer.map(|(events, left)| Count { events, ends_in: Duration::from_millis(left) }))
            .boxed()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run::<String>(redis::cmd("PING")).map(|answer| answer.map(|_| ())).boxed()
    }
}

/// Bounds an operation in time.
async fn in_time<T>(operation: impl Future<Output = RedisResult<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(DEADLINE, operation).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(told(&error)),
        Err(_) => Err(StoreError::Unavailable { why: "Redis does not answer in time".to_owned() }),
    }
}

/// What a log may know of an error: its kind. Redis quotes arguments of commands in its messages.
fn told(error: &RedisError) -> StoreError {
    let why = match error.code() {
        Some(code) => format!("Redis: {}, {code}", error.category()),
        None => format!("Redis: {}", error.category()),
    };
    StoreError::Unavailable { why }
}

fn wrong(problem: &str) -> StoreError {
    StoreError::Configuration { problem: problem.to_owned() }
}

/// A life as Redis takes it.
fn millis(asked: Duration) -> u64 {
    u64::try_from(life(asked).as_millis()).unwrap_or(u64::MAX)
}
