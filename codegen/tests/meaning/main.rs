//! The mutation test: whatever changes the meaning of a spec is refused, or seen in what is generated.
//!
//! Every spec of the project is changed in one thing at a time and compiled. A change must be refused, at the line
//! where it is or at one that hangs on it, or be warned of, or change a golden output (docs, schemas, rights,
//! handlers, kinds). What survives is counted by kind, printed and held against a list of reasons:
//!
//! ```text
//! cargo test -p cnpg-mcp-codegen --test meaning -- --nocapture
//! ```

#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod mutants;
mod reasons;
mod renderings;
mod verdict;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mutants::{Mutant, mutants_of};
use verdict::{Bench, Verdict};

/// Most mutants that may live on, of a hundred.
const MOST_SURVIVORS: f64 = 2.0;

/// Most refused mutants of which the first word is said at a line that has nothing to do with the change, of a hundred.
const MOST_ELSEWHERE: f64 = 2.0;

/// Of the files that all tools share every so many-eth mutant is tried: each costs a compilation of everything.
const SHARED_STRIDE: usize = 5;

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "md"))
        .collect();
    found.sort();
    found
}

/// The files that are changed, and whether all tools are compiled with them.
fn subjects() -> Vec<(PathBuf, bool)> {
    let root = specs();
    let mut all: Vec<(PathBuf, bool)> = files(&root.join("tools")).into_iter().map(|path| (path, false)).collect();
    for folder in ["partials", "resources"] {
        all.extend(files(&root.join(folder)).into_iter().map(|path| (path, true)));
    }
    all.extend([(root.join("params.yaml"), true), (root.join("steps.yaml"), true)]);
    all
}

struct Tally {
    tried: usize,
    survivors: Vec<(Mutant, Option<&'static str>)>,
    refused: usize,
    warned: usize,
    seen: usize,
    at_the_line: usize,
    elsewhere: Vec<String>,
}

#[test]
fn what_changes_the_meaning_is_refused_or_seen() {
    let mut work: Vec<(Mutant, bool)> = Vec::new();
    for (path, shared) in subjects() {
        let text = std::fs::read_to_string(&path).expect("the spec");
        let name = path.strip_prefix(specs()).expect("below the specs").to_string_lossy().replace('\\', "/");
        let mutants = mutants_of(&name, &text);
        let stride = if shared { SHARED_STRIDE } else { 1 };
        work.extend(mutants.into_iter().step_by(stride).map(|mutant| (mutant, shared)));
    }
    assert!(work.len() > 2000, "only {} mutants", work.len());

    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Verdict)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut bench = Bench::new(&specs());
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((mutant, shared)) = work.get(index) else { return };
                    let verdict = bench.judge(mutant, *shared);
                    results.lock().expect("no thread panicked").push((index, verdict));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no thread panicked");
    results.sort_by_key(|(index, _)| *index);

    let mut by_kind: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for (index, verdict) in results {
        let (mutant, _) = &work[index];
        let tally = by_kind.entry(mutant.kind).or_insert_with(|| Tally {
            tried: 0,
            survivors: Vec::new(),
            refused: 0,
            warned: 0,
            seen: 0,
            at_the_line: 0,
            elsewhere: Vec::new(),
        });
        tally.tried += 1;
        match verdict {
            Verdict::Refused { at_the_line, depends, said } => {
                tally.refused += 1;
                tally.at_the_line += usize::from(at_the_line);
                if !at_the_line && !depends {
                    tally.elsewhere.push(format!("{mutant}\n      said: {said}"));
                }
            }
            Verdict::Warned => tally.warned += 1,
            Verdict::Seen => tally.seen += 1,
            Verdict::Survived => tally.survivors.push((mutant.clone(), reasons::reason(mutant))),
        }
    }
    report(&by_kind);
}

#[allow(clippy::cast_precision_loss, reason = "counts are small")]
fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn report(by_kind: &BTreeMap<&'static str, Tally>) {
    println!(
        "{:<34} {:>6} {:>8} {:>7} {:>7} {:>9}   at the line",
        "kind of change", "tried", "refused", "warned", "seen", "survived"
    );
    for (kind, tally) in by_kind {
        println!(
            "{kind:<34} {:>6} {:>8} {:>7} {:>7} {:>9}   {:.0} %",
            tally.tried,
            tally.refused,
            tally.warned,
            tally.seen,
            tally.survivors.len(),
            share(tally.at_the_line, tally.refused)
        );
    }
    let total = |count: &dyn Fn(&Tally) -> usize| by_kind.values().map(count).sum::<usize>();
    let (tried, refused) = (total(&|tally| tally.tried), total(&|tally| tally.refused));
    let survived = total(&|tally| tally.survivors.len());
    let elsewhere: Vec<&String> = by_kind.values().flat_map(|tally| &tally.elsewhere).collect();
    println!(
        "\n{tried} mutants: {survived} survive ({:.2} %); of {refused} refused ones {:.0} % are told at the changed line, {:.2} % at a line that has nothing to do with it",
        share(survived, tried),
        share(total(&|tally| tally.at_the_line), refused),
        share(elsewhere.len(), refused)
    );
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (mutant, reason) in by_kind.values().flat_map(|tally| &tally.survivors) {
        match reason {
            Some(reason) => *explained.entry(reason).or_default() += 1,
            None => unexplained.push(mutant.to_string()),
        }
    }
    println!("\nwhy those that survive do:");
    for (reason, count) in &explained {
        println!("  {count:>4}  {reason}");
    }
    for one in elsewhere.iter().take(30) {
        println!("elsewhere: {one}");
    }
    assert!(unexplained.is_empty(), "{} survive without a reason:\n{}", unexplained.len(), unexplained.join("\n"));
    assert!(share(survived, tried) < MOST_SURVIVORS, "{survived} of {tried} survive");
    assert!(share(elsewhere.len(), refused) < MOST_ELSEWHERE, "{} are told elsewhere", elsewhere.len());
}
