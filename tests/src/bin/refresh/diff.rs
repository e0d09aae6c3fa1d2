//! Unified diffs of texts.

use std::fmt::Write as _;

/// Lines shown around a change.
const AROUND: usize = 3;

/// Pairs of lines beyond which a changed stretch is shown as a whole instead of line by line.
const COMPARED: usize = 4_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Kept(&'t str),
    Gone(&'t str),
    Come(&'t str),
}

/// The hunks that turn one text into the other; nothing where they are alike.
pub fn unified(before: &str, after: &str) -> String {
    let lines = compared(&split(before), &split(after));
    let changed: Vec<usize> = (0..lines.len()).filter(|&at| !matches!(lines[at], Line::Kept(_))).collect();
    let mut text = String::new();
    let mut next = 0;
    while next < changed.len() {
        let start = changed[next].saturating_sub(AROUND);
        let mut last = changed[next];
        while next < changed.len() && changed[next] <= last + 2 * AROUND + 1 {
            last = changed[next];
            next += 1;
        }
        let end = (last + AROUND + 1).min(lines.len());
        hunk(&lines, start, end, &mut text);
    }
    text
}

/// Lines with their ends, so that a missing last one shows.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn hunk(lines: &[Line<'_>], start: usize, end: usize, text: &mut String) {
    let old = |lines: &[Line<'_>]| lines.iter().filter(|line| !matches!(line, Line::Come(_))).count();
    let new = |lines: &[Line<'_>]| lines.iter().filter(|line| !matches!(line, Line::Gone(_))).count();
    let place = |before: usize, length: usize| if length == 0 { before } else { before + 1 };
    let (old_length, new_length) = (old(&lines[start..end]), new(&lines[start..end]));
    let (old_start, new_start) = (place(old(&lines[..start]), old_length), place(new(&lines[..start]), new_length));
    let _ = writeln!(text, "@@ -{old_start},{old_length} +{new_start},{new_length} @@");
    for line in &lines[start..end] {
        let (sign, line) = match line {
            Line::Kept(line) => (' ', line),
            Line::Gone(line) => ('-', line),
            Line::Come(line) => ('+', line),
        };
        let _ = write!(text, "{sign}{line}");
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

fn compared<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<Line<'t>> {
    let start = before.iter().zip(after).take_while(|(left, right)| left == right).count();
    let most = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(left, right)| left == right).count();
    let (old, new) = (&before[start..before.len() - end], &after[start..after.len() - end]);
    let mut lines: Vec<Line<'t>> = before[..start].iter().map(|line| Line::Kept(line)).collect();
    if old.len().saturating_mul(new.len()) > COMPARED {
        lines.extend(old.iter().map(|line| Line::Gone(line)));
        lines.extend(new.iter().map(|line| Line::Come(line)));
    } else {
        by_longest_common(old, new, &mut lines);
    }
    lines.extend(before[before.len() - end..].iter().map(|line| Line::Kept(line)));
    lines
}

/// Keeps the longest common subsequence.
fn by_longest_common<'t>(old: &[&'t str], new: &[&'t str], lines: &mut Vec<Line<'t>>) {
    let width = new.len() + 1;
    // Length of the longest common subsequence of what is left from each pair of places.
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for left in (0..old.len()).rev() {
        for right in (0..new.len()).rev() {
            longest[left * width + right] = if old[left] == new[right] {
                longest[(left + 1) * width + right + 1] + 1
            } else {
                longest[(left + 1) * width + right].max(longest[left * width + right + 1])
            };
        }
    }
    let (mut left, mut right) = (0, 0);
    while left < old.len() || right < new.len() {
        let both = left < old.len() && right < new.len();
        if both && old[left] == new[right] {
            lines.push(Line::Kept(old[left]));
            left += 1;
            right += 1;
        } else if right == new.len()
            || (both && longest[(left + 1) * width + right] >= longest[left * width + right + 1])
        {
            lines.push(Line::Gone(old[left]));
            left += 1;
        } else {
            lines.push(Line::Come(new[right]));
            right += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified("a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn changes_stand_in_their_surroundings() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n";
        let after = "1\n2\n3\n4\n5\nsix\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n";
        assert_eq!(
            unified(before, after),
            "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n@@ -14,3 +14,4 @@\n 14\n 15\n 16\n+17\n"
        );
    }

    #[test]
    fn near_changes_share_a_hunk() {
        assert_eq!(unified("a\nb\nc\nd\n", "x\nb\nc\ny\n"), "@@ -1,4 +1,4 @@\n-a\n+x\n b\n c\n-d\n+y\n");
    }

    #[test]
    fn a_missing_last_line_end_shows() {
        assert_eq!(unified("a\n", "a"), "@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file\n");
    }

    #[test]
    fn moved_lines_keep_the_most() {
        assert_eq!(unified("a\nb\nc\n", "b\nc\na\n"), "@@ -1,3 +1,3 @@\n-a\n b\n c\n+a\n");
    }
}
