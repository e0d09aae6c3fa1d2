//! `cnpg-mcp probe`: whether addresses answer as they should. The image has no shell and no other HTTP client;
//! `helm test` runs this.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};
use reqwest::{Client, StatusCode, Url};

use crate::FAILED;

/// Longest that one request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause before an address is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// An address, and the status that it should answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    status: StatusCode,
    url: Url,
}

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
    let url = Url::parse(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
    if url.scheme() == "http" { Ok(Expected { status, url }) } else { Err("only http:// can be probed".to_owned()) }
}

pub async fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let until = Instant::now() + Duration::from_secs(matches.get_one("within").copied().unwrap_or_default());
    // What an address answers itself counts, not where it leads to.
    let client = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .context("no HTTP client could be made")?;
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

async fn asked(client: &Client, status: StatusCode, url: &Url, until: Instant) -> Result<(), String> {
    loop {
        let problem = match client.get(url.clone()).send().await {
            Ok(response) if response.status() == status => return Ok(()),
            Ok(response) => format!("it answers {}", response.status().as_u16()),
            Err(error) if error.is_timeout() => format!("no answer within {} seconds", PATIENCE.as_secs()),
            Err(error) if error.is_connect() => "no connection".to_owned(),
            Err(_) => "no HTTP answer".to_owned(),
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
        assert_eq!((read.status.as_u16(), read.url.as_str()), (401, "http://cnpg-mcp:4204/mcp?a=b"));
        for (wrong, told) in [
            ("http://cnpg-mcp/mcp", "expected status before it"),
            ("ok=http://cnpg-mcp/mcp", "`ok` is no HTTP status"),
            ("200=cnpg-mcp", "is no address"),
            ("200=https://cnpg-mcp/", "only http://"),
        ] {
            let error = expected(wrong).expect_err("it is none");
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
