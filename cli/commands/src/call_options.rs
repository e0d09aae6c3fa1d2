//! Options of `call`, wherever the tool is.

use clap::{Arg, ArgAction};
use tracing::level_filters::LevelFilter;

/// `--json`
pub fn json_arg() -> Arg {
    Arg::new("json")
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Print the structured output instead of Markdown")
}

/// `--log-level`
pub fn log_level_arg() -> Arg {
    Arg::new("log-level")
        .long("log-level")
        .global(true)
        .value_name("LEVEL")
        .default_value("warn")
        .value_parser(clap::value_parser!(LevelFilter))
        .help("What is logged to standard error: off, error, warn, info, debug or trace")
}
