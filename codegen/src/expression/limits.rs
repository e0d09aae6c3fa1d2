//! Bounds of what is handed to the parser of templates.

/// The tree of a longer expression could be deeper than the stack.
pub(super) const MAX_BLOCK_BYTES: usize = 4096;

/// minijinja counts columns in 16 bits.
pub(super) const MAX_LINE_BYTES: usize = 32 * 1024;

/// Where the first line begins that is too long.
pub(super) fn long_line(text: &str) -> Option<usize> {
    let mut from = 0;
    for line in text.split('\n') {
        if line.len() > MAX_LINE_BYTES {
            return Some(from);
        }
        from += line.len() + 1;
    }
    None
}

/// The first `{{ … }}` or `{% … %}` that is too long.
pub(super) fn too_long(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = text[from..].find('{').map(|at| from + at) {
        let end = match text.as_bytes().get(at + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                from = at + 1;
                continue;
            }
        };
        let length = text[at..].find(end).unwrap_or(text.len() - at);
        if length > MAX_BLOCK_BYTES {
            return Some((at, at + 2));
        }
        from = (at + length).max(at + 2);
    }
    None
}
