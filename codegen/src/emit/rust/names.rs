//! Names of specs and of JSON as Rust writes them.

use proc_macro2::{Ident, Span};

/// Words that Rust keeps for itself, and the names that every handler has.
const TAKEN: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while", "abstract", "become",
    "box", "do", "final", "macro", "override", "priv", "try", "typeof", "unsized", "virtual", "yield",
];

/// `readyInstances`, `imageName`, `serverCASecret` → `ready_instances`, `image_name`, `server_ca_secret`.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        if letter.is_ascii_uppercase() && at > 0 {
            let before = letters[at - 1];
            let after = letters.get(at + 1);
            let starts_word = before.is_ascii_lowercase() || before.is_ascii_digit();
            let ends_acronym = before.is_ascii_uppercase()
                && after.is_some_and(char::is_ascii_lowercase)
                && !is_plural_of_acronym(&letters, at);
            if (starts_word || ends_acronym) && !out.ends_with('_') {
                out.push('_');
            }
        }
        out.push(letter.to_ascii_lowercase());
    }
    if out.is_empty() || out.starts_with(|first: char| first.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// The `s` of `danglingPVCs` belongs to the acronym.
fn is_plural_of_acronym(letters: &[char], at: usize) -> bool {
    letters.get(at + 1) == Some(&'s') && letters.get(at + 2).is_none_or(char::is_ascii_uppercase)
}

/// `snake` as an identifier; keywords get a trailing underscore where `r#` would read worse.
pub fn ident(name: &str) -> Ident {
    let name = snake(name);
    match name.as_str() {
        "self" | "super" | "crate" => Ident::new(&format!("{name}_"), Span::call_site()),
        word if TAKEN.contains(&word) => Ident::new_raw(word, Span::call_site()),
        word => Ident::new(word, Span::call_site()),
    }
}

/// Names that a handler itself uses; a binding of such a name gets a trailing underscore.
pub fn local_ident(name: &str) -> Ident {
    let name = snake(name);
    match name.as_str() {
        "call" | "params" | "output" | "plan" | "run" => Ident::new(&format!("{name}_"), Span::call_site()),
        _ => ident(&name),
    }
}

/// The name of a type.
pub fn type_ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::{ident, snake};

    #[test]
    fn json_names_become_snake_case() {
        for (json, rust) in [
            ("readyInstances", "ready_instances"),
            ("timeLineID", "time_line_id"),
            ("serverCASecret", "server_ca_secret"),
            ("endpointURL", "endpoint_url"),
            ("danglingPVC", "dangling_pvc"),
            ("enablePDB", "enable_pdb"),
            ("cloudNativePGCommitHash", "cloud_native_pg_commit_hash"),
            ("reusePVCs", "reuse_pvcs"),
            ("cnpg.io/cluster", "cnpg_io_cluster"),
            ("already_snake", "already_snake"),
            ("2fa", "_2fa"),
        ] {
            assert_eq!(snake(json), rust);
        }
    }

    #[test]
    fn keywords_are_escaped() {
        assert_eq!(ident("type").to_string(), "r#type");
        assert_eq!(ident("self").to_string(), "self_");
        assert_eq!(ident("name").to_string(), "name");
    }
}
