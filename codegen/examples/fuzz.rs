//! Changes specs at random for as long as wanted, and stops at the first one that makes the compiler panic or hang.
//!
//! ```text
//! cargo run -p cnpg-mcp-codegen --example fuzz -- --seconds 60 --seed 1
//! ```
//!
//! Inputs grow from the base of the tests and from `tests/fuzz/corpus`; what says something new is kept and changed
//! further. An input that breaks the compiler is written out, to be added to the corpus.

#![allow(clippy::expect_used, reason = "a tool of the tests")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/fuzz/nasty.rs"]
mod nasty;
#[path = "../tests/fuzz/targets.rs"]
mod targets;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use targets::{Stage, Target, corpus};

/// Longest that one input may take.
const LONGEST: Duration = Duration::from_secs(5);

/// Fuzzes the compiler.
#[derive(Parser)]
struct Arguments {
    /// How long to go on.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Begins the same run again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where an input goes that breaks the compiler.
    #[arg(long, default_value = "target", value_name = "DIR")]
    out: PathBuf,
}

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).unwrap_or(0)
    }
}

fn change(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(24)).min(bytes.len());
        match dice.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = nasty::PIECES[dice.below(nasty::PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
            2 => {
                let piece = nasty::PIECES[dice.below(nasty::PIECES.len())];
                bytes.splice(at..end, piece.bytes());
            }
            3 => {
                // A part once more, many times over.
                let part = bytes[at..end].repeat(1 + dice.below(40));
                bytes.splice(at..at, part);
            }
            4 if !other.is_empty() => {
                let from = dice.below(other.len());
                let to = (from + dice.below(80)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            _ => bytes.insert(at, u8::try_from(dice.below(256)).unwrap_or(0)),
        }
    }
    bytes.truncate(160 * 1024);
}

fn main() {
    let arguments = Arguments::parse();
    let mut dice = Dice(arguments.seed);
    let mut pool: Vec<(Target, Vec<u8>)> =
        Target::ALL.into_iter().map(|target| (target, Stage::seed(target))).collect();
    pool.extend(corpus().into_iter().map(|(_, target, bytes)| (target, bytes)));
    let stage = Stage::new();
    let (begun, mut tried, mut longest) = (Instant::now(), 0_u64, Duration::ZERO);
    let mut seen = BTreeSet::new();
    while begun.elapsed() < Duration::from_secs(arguments.seconds) {
        let (target, mut bytes) = pool[dice.below(pool.len())].clone();
        let other = pool[dice.below(pool.len())].1.clone();
        change(&mut bytes, &other, &mut dice);
        let at = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| stage.run(target, &bytes)));
        let taken = at.elapsed();
        longest = longest.max(taken);
        tried += 1;
        let said = match result {
            Ok(said) if taken < LONGEST => said,
            _ => {
                let path = arguments.out.join(format!("broken_{}_{tried}.{}", arguments.seed, target.ending()));
                std::fs::write(&path, &bytes).expect("the input can be written");
                println!("after {tried} inputs: {} breaks the compiler ({taken:?})", path.display());
                std::process::exit(1);
            }
        };
        // What is said in another number, by a file of another size, is something new.
        if pool.len() < 4000 && seen.insert((target.ending(), said, bytes.len() / 256)) {
            pool.push((target, bytes));
        }
    }
    println!("{tried} inputs in {:?}; the longest took {longest:?}; {} kept", begun.elapsed(), pool.len());
}
