//! `cnpg-mcp probe`: whether addresses answer as they should. The image has no shell and no other HTTP client;
//! `helm test` runs this.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, value_parser};
use http::{StatusCode, Uri};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio_util::bytes::Bytes;

use crate::{FAILED, Running};

/// Longest that one request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause before an address is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// An address, and the status that it should answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    status: StatusCode,
    url: Uri,
}

/// The command line of `probe`.
pub fn command() -> Command {
    Command::new("probe")
        .about("Ask addresses for an answer, and fail where its status is another than expected")
        .arg(Arg::new("address").value_name("STATUS=URL").required(true).num_args(1..).value_parser(expected).help(
            "An `http://` address, and the status expected of a GET without a token: 401=http://cnpg-mcp:4204/mcp",
        ))
        .arg(
            Arg::new("within")
                .long("within")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64).range(0..=3600))
                .default_value("0")
                .help("Ask again for so long until all answer as expected"),
        )
}

fn expected(text: &str) -> Result<Expected, String> {
    let (status, url) = text.split_once('=').ok_or("write the expected status before it: 200=http://…")?;
    let status =
        status.parse().map_err(|_| format!("`{status}` is no HTTP status; write it as three digits, such as 200"))?;
    let url: Uri = url.parse().map_err(|error| format!("`{url}` is no address: {error}"))?;
    match (url.scheme_str(), url.host()) {
        (Some("http"), Some(_)) => Ok(Expected { status, url }),
        _ => Err(format!("`{url}` does not begin with `http://` and a host; nothing else can be probed")),
    }
}

/// Asks the addresses.
pub fn run(matches: &ArgMatches) -> Running<'_> {
    Box::pin(ask(matches))
}

async fn ask(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let until = Instant::now() + Duration::from_secs(matches.get_one("within").copied().unwrap_or_default());
    // Redirects are not followed: what an address answers itself counts. No TLS: it is asked from inside a cluster.
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut code = ExitCode::SUCCESS;
    for Expected { status, url } in matches.get_many::<Expected>("address").into_iter().flatten() {
        // Neither bodies nor headers are shown: what a server answers may not be for a log.
        match asked(&client, *status, url, until).await {
            Ok(()) => println!("ok      {} {url}", status.as_u16()),
            Err(problem) => {
                println!("failed  {} {url}: {problem}", status.as_u16());
                code = ExitCode::from(FAILED);
            }
        }
    }
    Ok(code)
}

type Http = Client<HttpConnector, Empty<Bytes>>;

async fn asked(client: &Http, status: StatusCode, url: &Uri, until: Instant) -> Result<(), String> {
    loop {
        let problem = match tokio::time::timeout(PATIENCE, client.get(url.clone())).await {
            Ok(Ok(response)) if response.status() == status => return Ok(()),
            Ok(Ok(response)) => format!("it answers {}", response.status().as_u16()),
            Ok(Err(error)) if error.is_connect() => "no connection".to_owned(),
            Ok(Err(_)) => "no HTTP answer".to_owned(),
            Err(_) => format!("no answer within {} seconds", PATIENCE.as_secs()),
        };
        if Instant::now() + PAUSE > until {
            return Err(problem);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_with_its_status() {
        let read = expected("401=http://cnpg-mcp:4204/mcp?a=b").expect("it is one");
        assert_eq!((read.status.as_u16(), read.url.to_string().as_str()), (401, "http://cnpg-mcp:4204/mcp?a=b"));
        for (wrong, told) in [
            ("http://cnpg-mcp/mcp", "expected status before it"),
            ("ok=http://cnpg-mcp/mcp", "`ok` is no HTTP status"),
            ("200=http://cnpg mcp/", "is no address"),
            ("200=cnpg-mcp", "does not begin with"),
            ("200=https://cnpg-mcp/", "does not begin with"),
        ] {
            let error = expected(wrong).expect_err("it is none");
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
