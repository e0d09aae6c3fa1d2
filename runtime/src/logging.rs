//! Logs: on stderr always, since stdout belongs to the stdio transport.
//!
//! Dependencies print request and response bodies at their verbose levels, and passwords travel in those.
//! So the level that people ask for is this project's alone; everything else is capped at a level where it
//! prints no bodies, whatever is asked for. Audit lines are written at every level.

use std::fmt;
use std::io::IsTerminal as _;
use std::str::FromStr;

use thiserror::Error;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

/// Target of audit lines.
pub const AUDIT: &str = "audit";

/// Beginnings of the targets that are this project's own.
const OWN: [&str; 2] = ["cnpg_mcp", "cnpg-mcp"];

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(String::from("expected `text` or `json`")),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Logging was set up before.
#[derive(Debug, Error)]
#[error("logging is set up already")]
pub struct AlreadySet;

/// Sets logging up for the process.
///
/// # Errors
/// Where it was set up before.
pub fn start(format: LogFormat, level: LevelFilter) -> Result<(), AlreadySet> {
    std::panic::set_hook(Box::new(|panic| {
        // What a panic says may quote anything, a secret too; where it was is enough to find it.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    let filter =
        FilterFn::new(move |metadata| is_wanted(metadata, level)).with_max_level_hint(level.max(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            Registry::default().with(lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter)).try_init()
        }
        LogFormat::Json => Registry::default().with(lines.json().flatten_event(true).with_filter(filter)).try_init(),
    }
    .map_err(|_| AlreadySet)
}

/// Whether a line or span is wanted at a level.
fn is_wanted(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    let target = metadata.target();
    let allowed = if target == AUDIT {
        level.max(LevelFilter::INFO)
    } else if OWN.iter().any(|own| target.starts_with(own)) {
        level
    } else {
        level.min(cap(level))
    };
    *metadata.level() <= allowed
}

/// The level that dependencies may have: warnings, and with verbose levels what they say at `info`.
fn cap(level: LevelFilter) -> LevelFilter {
    if level > LevelFilter::INFO { LevelFilter::INFO } else { LevelFilter::WARN }
}
