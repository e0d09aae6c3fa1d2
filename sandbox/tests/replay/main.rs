//! Replays recordings of a real API server against the sandbox.
//!
//! `REAL_API_DIR` names the folder of recordings, `CNPG_CRDS_DIR` that of CloudNativePG's CRDs: the test is ignored
//! unless `make test` is told both. It prints how many exchanges of each file are answered
//! alike, and fails where that is fewer than `replay_baseline.json` holds.
//! `REPLAY_UPDATE=1` writes that file anew; `REPLAY_VERBOSE=PART-OF-A-FILE-NAME` shows every difference.

mod compare;
mod names;
mod player;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use serde_json::Value;

/// Not to be replayed: its cluster needs pods that run.
const LEFT_OUT: &str = "14-";

/// Recordings played at once: most of the time goes into watches that run out.
const AT_ONCE: usize = 8;

fn baseline_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay_baseline.json")
}

fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable).map(PathBuf::from).expect(variable)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs REAL_API_DIR, a folder of recordings, and CNPG_CRDS_DIR"]
async fn recorded_exchanges_are_answered_alike() {
    let (recordings, crds) = (folder("REAL_API_DIR"), folder("CNPG_CRDS_DIR"));
    let kinds = cnpg_mcp_sandbox::crds_of_folder(&crds).expect("the CRDs can be read");
    let verbose = std::env::var("REPLAY_VERBOSE").ok();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&recordings)
        .expect("the folder of recordings can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    let mut totals: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    println!("{:<42} {:>6} {:>6} {:>6}", "file", "alike", "of", "%");
    let kinds = &kinds;
    let mut played = futures::stream::iter(files)
        .map(|path| async move {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a readable name").to_owned();
            if name.starts_with(LEFT_OUT) {
                return (name, None);
            }
            let text = std::fs::read_to_string(&path).expect("a recording can be read");
            let recording: Value = serde_json::from_str(&text).expect("a recording is JSON");
            (name, Some(player::play(&recording, kinds).await))
        })
        .buffered(AT_ONCE);
    while let Some((name, outcome)) = played.next().await {
        let Some(outcome) = outcome else {
            println!("{name:<42} left out");
            continue;
        };
        let (good, all) = (outcome.iter().filter(|(_, problems)| problems.is_empty()).count(), outcome.len());
        println!("{name:<42} {good:>6} {all:>6} {:>6.1}", percent(good, all));
        if verbose.as_ref().is_some_and(|part| name.contains(part.as_str())) {
            for (what, problems) in outcome.iter().filter(|(_, problems)| !problems.is_empty()) {
                println!("  {what}");
                for problem in problems {
                    println!("      {problem}");
                }
            }
        }
        let mode = if name.contains(".webhooks.") { "webhooks" } else { "crd-only" };
        let total = totals.entry(mode).or_default();
        *total = (total.0 + good, total.1 + all);
        alike.insert(name, good);
    }
    for (mode, (good, all)) in totals {
        println!("{mode:<42} {good:>6} {all:>6} {:>6.1}", percent(good, all));
    }
    hold(&alike);
}

#[allow(clippy::cast_precision_loss, reason = "a few hundred exchanges")]
fn percent(good: usize, all: usize) -> f64 {
    if all == 0 { 100.0 } else { good as f64 * 100.0 / all as f64 }
}

/// Compares with the committed baseline, or writes it.
fn hold(alike: &BTreeMap<String, usize>) {
    if std::env::var("REPLAY_UPDATE").is_ok_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(alike).expect("numbers can be written");
        std::fs::write(baseline_file(), text + "\n").expect("the baseline can be written");
        return;
    }
    let text = std::fs::read_to_string(baseline_file()).expect("the baseline can be read");
    let baseline: BTreeMap<String, usize> = serde_json::from_str(&text).expect("the baseline holds numbers");
    let worse: Vec<String> = baseline
        .iter()
        .filter(|(file, least)| alike.get(*file).is_some_and(|now| now < least))
        .map(|(file, least)| format!("{file}: {} alike, {least} before", alike[file]))
        .collect();
    assert!(worse.is_empty(), "fewer exchanges are answered alike than before:\n{}", worse.join("\n"));
}
