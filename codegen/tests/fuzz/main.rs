//! Any bytes give diagnostics: never a panic, a hang or unbounded memory.
//!
//! `corpus/` holds small nasty files, `nasty` what is large by repetition; `examples/fuzz.rs` goes on for as long as wanted.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod nasty;
mod targets;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use targets::{Stage, Target, corpus};

/// Most time of a processor that one file may take. What else the machine does is no matter.
const LONGEST: Duration = Duration::from_secs(10);

/// Most memory that the process ever has, in KiB. A file has at most 128 KiB.
const MOST_KIB: u64 = 400 * 1024;

/// The most memory that this process has had, in KiB; `None` where the system does not say.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Time that this thread has had of a processor; `None` where the system does not say.
fn processor_time() -> Option<Duration> {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    said.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Runs one input within the bounds.
fn within_bounds(stage: &Stage, name: &str, target: Target, bytes: &[u8]) {
    let (begun, before) = (Instant::now(), processor_time());
    stage.run(target, bytes);
    let of_processor = before.zip(processor_time()).map(|(before, after)| after.saturating_sub(before));
    let taken = of_processor.unwrap_or_else(|| begun.elapsed());
    assert!(taken < LONGEST, "{name} as {target:?} takes {taken:?}");
    if let Some(peak) = peak_kib() {
        assert!(peak < MOST_KIB, "{name} as {target:?} takes {} MiB", peak / 1024);
    }
}

#[test]
fn the_corpus_is_within_bounds() {
    let stage = Stage::new();
    let files = corpus();
    assert!(files.len() > 15, "only {} files", files.len());
    for (path, target, bytes) in files {
        within_bounds(&stage, &path.display().to_string(), target, &bytes);
    }
}

#[test]
fn nasty_files_are_within_bounds() {
    let stage = Stage::new();
    for (name, text) in nasty::files() {
        for target in [Target::Tool, Target::Resource, Target::Params, Target::Steps, Target::Partial] {
            within_bounds(&stage, name, target, text.as_bytes());
        }
    }
}

#[test]
fn nasty_expressions_are_within_bounds() {
    let stage = Stage::new();
    for (name, text) in nasty::expressions() {
        within_bounds(&stage, name, Target::Expression, text.as_bytes());
        within_bounds(&stage, name, Target::Partial, format!("{{{{ {text} }}}}").as_bytes());
    }
}

#[test]
fn a_line_that_is_too_long_is_refused() {
    let stage = Stage::new();
    let plain = stage.run(Target::Partial, "x".repeat(1_000).as_bytes());
    assert!(stage.run(Target::Partial, "x".repeat(70_000).as_bytes()) > plain);
}

#[test]
fn partials_in_a_circle_are_refused() {
    let stage = Stage::new();
    assert!(stage.run(Target::Partial, b"{% include \"foot.md\" %}{% include \"foot.md\" %}") > 0);
}

fn target() -> impl Strategy<Value = Target> {
    proptest::sample::select(Target::ALL.to_vec())
}

/// Pieces of YAML and of expressions in any order, between any characters.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(nasty::PIECES.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-z_]{1,6}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_said_something_of(target in target(), bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        within_bounds(&Stage::new(), "bytes", target, &bytes);
    }

    #[test]
    fn any_pieces_are_said_something_of(target in target(), text in pieces()) {
        within_bounds(&Stage::new(), "pieces", target, text.as_bytes());
    }

    #[test]
    fn any_part_replaced_is_said_something_of(target in target(), at in any::<prop::sample::Index>(), length in 0_usize..30, text in pieces()) {
        let mut bytes = Stage::seed(target);
        let from = at.index(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, text.into_bytes());
        within_bounds(&Stage::new(), "a replaced part", target, &bytes);
    }
}
