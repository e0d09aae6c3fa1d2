//! Logs: on stderr always, since stdout belongs to the stdio transport.
//!
//! Dependencies print request and response bodies at their verbose levels, and passwords travel in those.
//! So the level that people ask for is this project's alone; everything else is capped at a level where it
//! prints no bodies, whatever is asked for. Audit lines are written at every level, and are JSON in either format.

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
    /// For people; audit lines are JSON all the same.
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
    // For programs, whatever the rest is for.
    let audit = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).json().flatten_event(true);
    let audit = audit.with_filter(FilterFn::new(is_audit).with_max_level_hint(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            let lines = lines.with_ansi(std::io::stderr().is_terminal()).with_filter(filter);
            Registry::default().with(audit).with(lines).try_init()
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_filter(filter);
            Registry::default().with(audit).with(lines).try_init()
        }
    }
    .map_err(|_| AlreadySet)
}

/// Whether a line is one of the audit's.
fn is_audit(metadata: &Metadata<'_>) -> bool {
    metadata.target() == AUDIT && *metadata.level() <= LevelFilter::INFO
}

/// Whether another line, or a span, is wanted at a level.
fn is_wanted(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    let target = metadata.target();
    let allowed = if target == AUDIT {
        LevelFilter::OFF
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
