//! The first sentence of a description.

/// Longer sentences are cut: what is made of them is there to be read.
const LONGEST: usize = 200;

/// The first sentence, on one line, with a full stop. `None` where there is no text.
pub fn first_sentence(text: &str) -> Option<String> {
    let paragraph = text.trim().split("\n\n").next()?;
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return None;
    }
    let mut sentence = line.as_str();
    for (at, _) in line.match_indices(". ") {
        let (before, after) = (&line[..=at], &line[at + 2..]);
        let abbreviated = ["e.g.", "i.e.", "etc.", "cf.", "vs."].iter().any(|short| before.ends_with(short));
        if !abbreviated && after.starts_with(|c: char| !c.is_lowercase()) {
            sentence = before;
            break;
        }
    }
    if sentence.chars().count() > LONGEST {
        let cut: String = sentence.chars().take(LONGEST).collect();
        let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
        return Some(format!("{} …", cut.trim_end_matches([',', ':', ';'])));
    }
    let sentence = sentence.trim_end_matches([':', ',', ';']);
    Some(if sentence.ends_with(['.', '!', '?']) { sentence.to_owned() } else { format!("{sentence}.") })
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn sentences_end_where_they_do() {
        for (text, wanted) in [
            ("Names of hosts.\nMore of it. And more.", "Names of hosts."),
            ("The duration, e.g. 90d. Must be long", "The duration, e.g. 90d."),
            ("See v1.2 of it", "See v1.2 of it."),
            ("One of these:\n\n- a\n- b", "One of these."),
            ("  a  b \n c.  ", "a b c."),
        ] {
            assert_eq!(first_sentence(text).as_deref(), Some(wanted));
        }
        assert_eq!(first_sentence(" \n"), None);
        let long = first_sentence(&"word ".repeat(100)).unwrap_or_default();
        assert!(long.ends_with("word …") && long.chars().count() <= 202, "{long}");
    }
}
