//! Tokens to text, as `rustfmt` would have it.

use proc_macro2::TokenStream;

/// Formats a file. What cannot be parsed is given back as it is, so that the compiler shows what is wrong
/// with it (a fault of an emitter, not of a spec).
pub fn print(tokens: &TokenStream) -> String {
    match syn::parse2(tokens.clone()) {
        Ok(file) => blank_lines(&joined_types(&prettyplease::unparse(&file))),
        Err(error) => format!(
            "compile_error!({:?});\n/*\n{tokens}\n*/\n",
            format!("codegen emitted Rust that cannot be parsed: {error}")
        ),
    }
}

/// The printer breaks a line inside `::<Kind>` first; such a short name reads better in one piece.
fn joined_types(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("::<\n") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let inner = after.trim_start();
        let name =
            inner.find(|letter: char| !letter.is_alphanumeric() && letter != '_').map_or(inner, |end| &inner[..end]);
        let closing =
            inner[name.len()..].strip_prefix(',').map(str::trim_start).and_then(|tail| tail.strip_prefix('>'));
        match closing {
            Some(tail) if !name.is_empty() => {
                out.push_str(name);
                out.push('>');
                rest = tail;
            }
            _ => rest = after,
        }
    }
    out.push_str(rest);
    out
}

/// Markers become empty lines; items stand apart.
fn blank_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = "";
    for line in text.lines() {
        let starts_item = is_item_start(line) && !previous.is_empty() && !continues_item(previous, line);
        if line.trim() == "__blank_line!();" {
            if !previous.trim_end().ends_with('{') {
                out.push('\n');
            }
            previous = "";
            continue;
        }
        if starts_item {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        previous = line;
    }
    out
}

/// Whether a line at the margin begins an item.
fn is_item_start(line: &str) -> bool {
    !line.is_empty() && !line.starts_with([' ', '}', ')', ']']) && !line.starts_with("//!")
}

/// Whether a line follows the one before without a gap: docs and attributes of an item, groups of `use` and `mod`.
fn continues_item(previous: &str, line: &str) -> bool {
    let is_use = |line: &str| line.starts_with("use ");
    previous.starts_with("///")
        || previous.starts_with("#[")
        || (is_use(line) && (is_use(previous) || previous == "};"))
        || (previous.starts_with("pub mod ") && line.starts_with("pub mod "))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::print;

    #[test]
    fn items_and_steps_stand_apart() {
        let text = print(&quote! {
            use a::b;
            use c::d;
            /// A.
            pub struct A;
            /// B.
            pub fn b() { __blank_line!(); let x = 1; __blank_line!(); drop(x); }
        });
        assert_eq!(
            text,
            "use a::b;\nuse c::d;\n\n/// A.\npub struct A;\n\n/// B.\npub fn b() {\n    let x = 1;\n\n    drop(x);\n}\n"
        );
    }
}
