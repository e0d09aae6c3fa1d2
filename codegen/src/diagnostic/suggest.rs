//! Names near a wrong one.

/// How many slips a word of that length may have and still be meant.
fn near(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=5 => 1,
        6..=11 => 2,
        _ => 3,
    }
}

/// The name most like the wrong one, where one is like it at all.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let simple = |name: &str| name.to_lowercase().replace(['-', '.'], "_");
    let wanted = simple(wrong);
    names
        .into_iter()
        .map(|name| {
            (strsim::jaro_winkler(&wanted, &simple(name)), strsim::damerau_levenshtein(&wanted, &simple(name)), name)
        })
        .filter(|(like, steps, name)| *name != wrong && (*like >= 0.92 || *steps <= near(wanted.len())))
        .min_by(|a, b| a.1.cmp(&b.1).then(b.0.total_cmp(&a.0)).then(a.2.cmp(b.2)))
        .map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_and_nothing_far() {
        assert_eq!(nearest("clsuter", ["cluster", "role"]), Some("cluster"));
        assert_eq!(nearest("readyInstance", ["readyInstances", "instances"]), Some("readyInstances"));
        assert_eq!(nearest("ready_instances", ["readyInstances"]), Some("readyInstances"));
        assert_eq!(nearest("fetch", ["patch", "get"]), None);
        assert_eq!(nearest("banana", ["cluster", "role"]), None);
    }
}
