//! What to do where an expression or a template cannot be parsed: mostly somebody knows another language, or has left
//! something open.

use std::ops::Range;

use crate::diagnostic::nearest;

/// What statements begin with.
const STATEMENTS: [&str; 8] = ["for", "endfor", "if", "elif", "else", "endif", "set", "include"];

/// What to do.
pub struct Hint {
    pub help: String,
    /// The block that is still open, where that is the cause.
    pub open: Option<Range<usize>>,
}

/// `at`: where the parser stopped; `detail`: what it says.
pub fn hint(text: &str, at: usize, detail: &str) -> Option<Hint> {
    let (before, rest) = text.split_at_checked(at)?;
    if let Some(word) = detail.strip_prefix("unknown statement ") {
        return unknown_statement(before, word);
    }
    let help = match detail {
        "unexpected end of string" => "a quote is opened and never closed",
        "unexpected end of comment" => "`{#` begins a comment, which ends with `#}`",
        detail if detail.contains("unexpected `=`") => "`==` compares",
        detail if detail.starts_with("unexpected end of input") => return open_block(before).map(unclosed),
        "unexpected end of variable block" => "something is missing before `}}`",
        _ if rest.starts_with('}') => "an expression ends with `}}`",
        _ if rest.starts_with("&&") => "write `and`",
        _ if rest.starts_with('|') && before.ends_with('|') => "write `or`",
        _ if rest.starts_with('!') => "write `not`",
        _ if rest.starts_with('?') => "write `this if condition else that`",
        _ if rest.starts_with('.') => "a name has no dot before it",
        _ if rest.starts_with("if") && before.trim_end().ends_with("else") => "write `elif`",
        _ => return None,
    };
    Some(Hint { help: help.to_owned(), open: None })
}

fn unknown_statement(before: &str, word: &str) -> Option<Hint> {
    let help = match word {
        "elseif" | "elsif" => "write `elif`".to_owned(),
        "endfor" | "endif" | "elif" | "else" => match open_block(before) {
            Some(open) => return Some(unclosed(open)),
            None => "nothing is open here; take it out".to_owned(),
        },
        _ => format!("did you mean `{}`?", nearest(word, STATEMENTS)?),
    };
    Some(Hint { help, open: None })
}

fn unclosed((open, word): (Range<usize>, &str)) -> Hint {
    Hint { help: format!("`{{% {word} … %}}` ends with `{{% end{word} %}}`"), open: Some(open) }
}

/// The innermost block that is not closed, and its word.
fn open_block(text: &str) -> Option<(Range<usize>, &str)> {
    let (mut open, mut at) = (Vec::new(), 0);
    while let Some(begins) = text[at..].find("{%").map(|found| at + found) {
        if let Some(comment) = text[at..begins].find("{#").map(|found| at + found) {
            at = text[comment..].find("#}").map_or(text.len(), |end| comment + end);
            continue;
        }
        let Some(ends) = text[begins..].find("%}").map(|found| begins + found + 2) else { break };
        let word = text[begins..ends].trim_start_matches(['{', '%', '-', '+', ' ', '\n']);
        let word = &word[..word.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(word.len())];
        match word {
            "for" | "if" => open.push((begins..ends, word)),
            "endfor" | "endif" => drop(open.pop()),
            _ => {}
        }
        at = ends;
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::open_block;

    #[test]
    fn the_innermost_open_block_is_found() {
        let found = |text| open_block(text).map(|(range, word)| (range.start, word));
        assert_eq!(found("{% for a in b %}{% if a %}{% endif %}"), Some((0, "for")));
        assert_eq!(found("{% for a in b %}{%- if a %}"), Some((16, "if")));
        assert_eq!(found("{% if a %}{# {% for %} #}{% else %}"), Some((0, "if")));
        assert_eq!(found("{% if a %}{% endif %}{% endfor %}"), None);
        assert_eq!(found("{# {% if a %}"), None);
        assert_eq!(found("{% if"), None);
    }
}
