//! Text that a server wrote, for a terminal.

/// Without control characters other than line breaks and tabs: a server must not move the cursor, nor write over what
/// stands there.
pub fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\r\u{9b}c\n\td"), "a[2Jbc\n\td");
    }
}
