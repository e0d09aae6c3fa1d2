//! How long `check` takes for many specs: 1,000 within a second, and in proportion to their number.
//!
//! ```text
//! cargo bench -p cnpg-mcp-codegen --bench check
//! ```
//!
//! It measures itself instead of using a harness: two sizes compared in one run are the whole question.

#![allow(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]

#[path = "../tests/many/mod.rs"]
mod many;

/// Most seconds for 1,000 specs.
const MOST_SECONDS: f64 = 1.0;

/// Most times as long for four times as many.
const MOST_TIMES: f64 = 4.6;

fn main() {
    let mut seconds = Vec::new();
    for count in [250, 500, 1000] {
        let folder = many::folder_of(count);
        let taken = many::shortest_check(folder.path(), 7).as_secs_f64();
        println!("check of {count:>5} specs: {:>6.0} ms", taken * 1000.0);
        seconds.push(taken);
    }
    let times = seconds[2] / seconds[0];
    println!("four times as many take {times:.2} times as long");
    assert!(seconds[2] < MOST_SECONDS, "1,000 specs take {:.2} s", seconds[2]);
    assert!(times < MOST_TIMES, "four times as many specs take {times:.2} times as long");
}
