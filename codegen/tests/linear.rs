//! Checking takes time in proportion to the number of specs. `benches/check.rs` takes the figures.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod many;

#[test]
fn four_times_the_specs_take_about_four_times_as_long() {
    let (few, more) = (many::folder_of(48), many::folder_of(192));
    // Work in the square of the number would take sixteen times as long; what is between is left to a busy machine.
    let mut seen = Vec::new();
    for _ in 0..3 {
        let once = many::shortest_check(few.path(), 2).as_secs_f64();
        let four = many::shortest_check(more.path(), 2).as_secs_f64();
        if four < once * 8.0 {
            return;
        }
        seen.push(four / once);
    }
    panic!("192 specs take {seen:.1?} times as long as 48");
}
