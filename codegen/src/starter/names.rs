//! Names for parameters, results and output fields.

use std::collections::BTreeSet;

/// Names that mean something in every spec, and words of expressions and of Rust, which read badly as names.
const TAKEN: &[&str] = &[
    "name",
    "namespace",
    "dry_run",
    "confirm_deletion",
    "page",
    "limit",
    "cursor",
    "output",
    "outcome",
    "warnings",
    "changes",
    "returned",
    "total",
    "truncated",
    "scanned",
    "item",
    "before",
    "existing",
    "loop",
    "true",
    "false",
    "none",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "endfor",
    "set",
    "include",
    "now",
    "ours",
    "owned",
    "call",
    "self",
    "type",
    "ref",
    "match",
    "use",
    "mod",
    "fn",
    "let",
    "move",
    "where",
    "while",
    "loop",
    "break",
    "continue",
    "return",
    "struct",
    "enum",
    "trait",
    "impl",
    "const",
    "static",
    "super",
    "crate",
    "as",
    "async",
    "await",
    "dyn",
    "extern",
    "mut",
    "pub",
    "unsafe",
    "box",
    "final",
    "macro",
    "override",
    "priv",
    "try",
    "yield",
    "virtual",
    "abstract",
    "become",
    "do",
    "typeof",
    "unsized",
    "gen",
    "created",
];

/// Words that say nothing without what they belong to.
const VAGUE: &[&str] = &["name", "key", "kind", "type", "value", "group", "size", "enabled", "status", "message", "id"];

/// Longest name in a spec.
const LONGEST: usize = 64;

/// `issuerRef` becomes `issuer_ref`, `URLs` becomes `urls`.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, c) in letters.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let new_word = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                // `caCertSecret` and `HTTPRoute`; but `URLs` is one word.
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase()
                        && letters.get(at + 1).is_some_and(char::is_ascii_lowercase)
                        && letters.get(at + 1..) != Some(&['s']))
            });
        if new_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    let out = out.trim_matches('_').to_owned();
    if out.starts_with(|c: char| c.is_ascii_lowercase()) { out } else { format!("x{out}") }
}

/// Names that are given once.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// Takes a name out of the game; a spec says it itself.
    pub fn take(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// A name that is still free.
    pub fn fresh(&mut self, wanted: &str) -> String {
        self.first_free([wanted.to_owned(), format!("{wanted}_value")])
    }

    /// A name for the field at a path: its last word, with more of the path where that is vague or given already.
    pub fn of_path(&mut self, path: &[&str]) -> String {
        let words: Vec<String> = path.iter().map(|part| snake(part)).collect();
        let shortest = match words.last() {
            Some(last) if VAGUE.contains(&last.as_str()) && words.len() > 2 => 2,
            _ => 1,
        };
        let candidates = (shortest..=words.len()).map(|count| words[words.len() - count..].join("_"));
        self.first_free(candidates)
    }

    fn first_free(&mut self, candidates: impl IntoIterator<Item = String>) -> String {
        let mut last = String::new();
        for candidate in candidates {
            if candidate.len() <= LONGEST && !TAKEN.contains(&candidate.as_str()) && self.0.insert(candidate.clone()) {
                return candidate;
            }
            last = candidate;
        }
        last.truncate(LONGEST - 4);
        for number in 2.. {
            let numbered = format!("{last}_{number}");
            if self.0.insert(numbered.clone()) {
                return numbered;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, snake};

    #[test]
    fn names_are_made_of_words() {
        for (name, wanted) in [
            ("issuerRef", "issuer_ref"),
            ("HTTPRoute", "http_route"),
            ("dnsNames", "dns_names"),
            ("URLs", "urls"),
            ("beginLSN", "begin_lsn"),
            ("pg_hba", "pg_hba"),
            ("x-kubernetes", "x_kubernetes"),
            ("DatabaseRole", "database_role"),
        ] {
            assert_eq!(snake(name), wanted);
        }
    }

    #[test]
    fn a_vague_or_given_word_takes_more_of_its_path() {
        let mut names = Names::default();
        assert_eq!(names.of_path(&["spec", "duration"]), "duration");
        assert_eq!(names.of_path(&["spec", "issuerRef", "name"]), "issuer_ref_name");
        assert_eq!(names.of_path(&["spec", "other", "duration"]), "other_duration");
        assert_eq!(names.of_path(&["status", "duration"]), "status_duration");
        assert_eq!(names.of_path(&["spec", "type"]), "spec_type");
        assert_eq!(names.of_path(&["spec", "type"]), "spec_type_2");
    }
}
