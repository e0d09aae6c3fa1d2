//! Markdown that would not be shown as it was meant: code blocks that stay open, tables with uneven rows.

use crate::diagnostic::{Code, Sink};
use crate::source::Span;

/// A line of what a template gives, and where it came from.
#[derive(Debug, Clone)]
pub struct Line {
    /// The line.
    pub text: String,
    /// The line of a template.
    pub place: Span,
}

/// Says what is wrong with the layout of an answer.
pub fn check(lines: &[Line], sink: &mut Sink) {
    let mut fence: Option<(&str, Span)> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let ticks = fence_of(&line.text);
        match (fence, ticks) {
            (Some((open, _)), Some(close)) if close.starts_with(open) && line.text.trim() == close => fence = None,
            (None, Some(open)) => fence = Some((open, line.place)),
            (None, None) if is_row(&line.text) => {
                at += table(&lines[at..], sink);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if let Some((open, place)) = fence {
        sink.error(Code::Fence, place, "this code block is not closed")
            .note("what follows, foot and warnings included, would be shown as code")
            .help(format!("end it by a line of {} alone, or make the block by `| fence('…')`", marks(open)));
    }
}

/// A table from its head on; gives how many lines it takes.
fn table(lines: &[Line], sink: &mut Sink) -> usize {
    let [head, rest @ ..] = lines else { return 1 };
    let Some(rule) = rest.first().filter(|line| is_rule(&line.text)) else {
        // A line of text may have a `|` in it; one that begins and ends with it is meant as a row.
        let trimmed = head.text.trim();
        if trimmed.len() > 1 && trimmed.starts_with('|') && trimmed.ends_with('|') {
            sink.error(Code::Table, head.place, "this row belongs to no table")
                .note("a table is a head, a line of `| --- |` below it, and rows without blank lines between them")
                .help("look for the blank line or the missing head above it");
        }
        return 1;
    };
    let columns = cells(&head.text);
    if cells(&rule.text) != columns {
        let has = cells(&rule.text);
        sink.error(Code::Table, rule.place, format!("the head has {columns} columns, the line below it {has}"))
            .see(head.place, "the head")
            .note("Markdown takes this for text, not for a table")
            .help("give the line one `---` for each column");
        // What was meant as its rows is not spoken of.
        return lines.iter().take_while(|line| is_row(&line.text)).count();
    }
    let mut taken = 2;
    for row in &rest[1..] {
        if row.text.trim().is_empty() || begins_block(&row.text) {
            break;
        }
        taken += 1;
        let has = cells(&row.text);
        if !is_row(&row.text) {
            sink.error(Code::Table, row.place, "this line becomes a row of the table above it")
                .see(head.place, "the head")
                .note("a table goes on to the next blank line")
                .help("leave a blank line before it");
        } else if has != columns {
            let word = if has == 1 { "column" } else { "columns" };
            sink.error(Code::Table, row.place, format!("this row has {has} {word}, its table {columns}"))
                .see(head.place, "the head")
                .note("cells that are too many are not shown, those that are missing are empty")
                .help("count the `|`; one that is text is written `\\|`");
        } else {
            continue;
        }
        break;
    }
    taken
}

/// The marks of a code block in words: backticks cannot be quoted by themselves.
fn marks(ticks: &str) -> String {
    let name = if ticks.starts_with('`') { "backticks" } else { "tildes" };
    format!("{} {name}", ticks.len())
}

/// Whether a `|` divides a line.
fn is_row(line: &str) -> bool {
    dividers(line) > 0
}

/// `| --- | :-: |`.
fn is_rule(line: &str) -> bool {
    let trimmed = line.trim();
    trimmed.contains('-') && is_row(trimmed) && trimmed.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn cells(line: &str) -> usize {
    let trimmed = line.trim();
    let outer = usize::from(trimmed.starts_with('|'))
        + usize::from(trimmed.len() > 1 && trimmed.ends_with('|') && !trimmed.ends_with("\\|"));
    (dividers(trimmed) + 1).saturating_sub(outer)
}

/// How many `|` are not escaped.
fn dividers(line: &str) -> usize {
    let mut count = 0;
    let mut escaped = false;
    for c in line.chars() {
        count += usize::from(c == '|' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    count
}

/// Whether a line ends a table by beginning something else (GitHub Flavored Markdown, "Tables").
fn begins_block(line: &str) -> bool {
    let line = line.trim_start();
    ["#", "- ", "* ", "+ ", "> ", "```", "~~~"].iter().any(|start| line.starts_with(start))
}

/// The run of backticks or tildes that opens or closes a code block on this line.
fn fence_of(line: &str) -> Option<&str> {
    let start = line.trim_start();
    let tick = start.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let ticks = start.len() - start.trim_start_matches(tick).len();
    (ticks >= 3 && line.len() - start.len() <= 3).then(|| &start[..ticks])
}

#[cfg(test)]
mod tests {
    use super::{Line, check};
    use crate::diagnostic::{Code, Sink};
    use crate::source::Span;

    /// Codes and line numbers of what is said.
    fn said(text: &str) -> Vec<(Code, u32)> {
        let number = |line| u32::try_from(line).unwrap_or_default();
        let lines: Vec<Line> = text
            .lines()
            .enumerate()
            .map(|(line, text)| Line { text: text.to_owned(), place: Span { start: number(line), ..Span::default() } })
            .collect();
        let mut sink = Sink::default();
        check(&lines, &mut sink);
        sink.since(0).iter().map(|one| (one.code, one.span.start)).collect()
    }

    #[test]
    fn sound_layouts_pass() {
        for text in [
            "a\n\n```sh\n| x |\n```\n\nb",
            "````\n```\n````",
            "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n\ntext",
            "a | b\n--- | ---\n1 | 2\n",
            "| a |\n| --- |\n- a list goes on",
            "| a \\| b |\n| --- |\n| c |",
            "one | two, as text",
        ] {
            assert_eq!(said(text), [], "{text}");
        }
    }

    #[test]
    fn wrong_layouts_are_told_at_their_line() {
        assert_eq!(said("a\n```sh\nb"), [(Code::Fence, 1)]);
        assert_eq!(said("```\na\n``` x"), [(Code::Fence, 0)]);
        assert_eq!(said("| a | b |\n| --- |\n| 1 | 2 |"), [(Code::Table, 1)]);
        assert_eq!(said("| a | b |\n| --- | --- |\n| 1 |"), [(Code::Table, 2)]);
        assert_eq!(said("| a | b |\n| --- | --- |\n| 1 | 2 |\ntext"), [(Code::Table, 3)]);
        assert_eq!(said("| a | b |\n| --- | --- |\n\n| 1 | 2 |"), [(Code::Table, 3)]);
        assert_eq!(said("| a |\n| --- |\n| 1 |\ntext"), [(Code::Table, 3)]);
    }
}
