//! Pieces of Markdown (GitHub's dialect), each correct whatever text is put into it.

use std::fmt::Write as _;

/// Text for a table cell: one line, bars escaped (also inside code, where tables need it too).
pub fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A code span; longer backticks around text that has some.
pub fn code(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let ticks = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A code block; a longer fence around text that has one.
pub fn fence(language: &str, text: &str) -> String {
    let mut ticks = "```".to_owned();
    while text.contains(&ticks) {
        ticks.push('`');
    }
    format!("{ticks}{language}\n{}\n{ticks}\n", text.trim_end())
}

/// A block quote.
pub fn quote(text: &str) -> String {
    let mut quoted = String::new();
    for line in text.trim_end().lines() {
        let line = line.trim_end();
        if line.is_empty() {
            quoted.push_str(">\n");
        } else {
            let _ = writeln!(quoted, "> {line}");
        }
    }
    quoted
}

/// A table; nothing where there are no rows.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(heads.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// Words as `a`, `b` and `c`.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_any_text() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a``"), "``` `a`` ```");
    }

    #[test]
    fn fences_are_longer_than_those_inside() {
        assert_eq!(fence("md", "```\nx\n```\n"), "````md\n```\nx\n```\n````\n");
    }

    #[test]
    fn cells_stay_in_their_row() {
        assert_eq!(table(&["a"], &[vec!["x |\n y".to_owned()]]), "| a |\n| --- |\n| x \\| y |\n");
        assert_eq!(table(&["a"], &[]), "");
    }

    #[test]
    fn quotes_keep_empty_lines() {
        assert_eq!(quote("a\n\n b  \n"), "> a\n>\n>  b\n");
    }
}
