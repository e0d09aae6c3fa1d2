//! Logging in on another device (RFC 8628).

use std::time::Duration;

use anyhow::bail;
use cnpg_mcp_runtime::auth::oidc::{Polled, Provider, Tokens};
use tokio::time::Instant;

/// What is added to the time between questions that come too fast (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);

pub async fn log_in(provider: &Provider) -> anyhow::Result<Tokens> {
    let code = provider.begin_device().await?;
    match &code.verification_uri_complete {
        Some(whole) => eprintln!("Open {whole} on any device and compare the code: {}\n", code.user_code),
        None => eprintln!("Open {} on any device and enter the code: {}\n", code.verification_uri, code.user_code),
    }
    let end = Instant::now() + code.expires_in;
    let mut interval = code.interval;
    while Instant::now() + interval < end {
        tokio::time::sleep(interval).await;
        match provider.poll_device(&code).await {
            Ok(Polled::Done(tokens)) => return Ok(*tokens),
            Ok(Polled::Pending) => {}
            Ok(Polled::SlowDown) => interval += SLOWER,
            // RFC 8628, section 3.5: a connection that broke is no end.
            Err(error) if error.is_away() => eprintln!("{error}; asking again"),
            Err(error) => return Err(error.into()),
        }
    }
    bail!("nobody entered the code in time")
}
