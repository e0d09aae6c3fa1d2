//! Comments and quoted scalars of a YAML text, in their order.

use yaml_parser::{SyntaxElement, SyntaxKind, SyntaxToken};

fn tokens(text: &str, wanted: impl Fn(SyntaxKind) -> bool) -> Option<Vec<SyntaxToken>> {
    let root = yaml_parser::parse(text).ok()?;
    let all = root.descendants_with_tokens().filter_map(SyntaxElement::into_token);
    Some(all.filter(|token| wanted(token.kind())).collect())
}

/// The comments, without blanks behind them.
pub fn comments(text: &str) -> Option<Vec<String>> {
    let found = tokens(text, |kind| kind == SyntaxKind::COMMENT)?;
    Some(found.iter().map(|token| token.text().trim_end().to_owned()).collect())
}

/// `laid_out` with each scalar quoted as in `original`. Those that go over several lines keep their new indentation.
/// `None` where the two do not have the same scalars.
pub fn with_quotes_of(original: &str, laid_out: &str) -> Option<String> {
    let quoted = |kind| matches!(kind, SyntaxKind::DOUBLE_QUOTED_SCALAR | SyntaxKind::SINGLE_QUOTED_SCALAR);
    let (before, after) = (tokens(original, quoted)?, tokens(laid_out, quoted)?);
    if before.len() != after.len() {
        return None;
    }
    let mut text = String::with_capacity(laid_out.len());
    let mut copied = 0;
    for (old, new) in before.iter().zip(&after) {
        let range = new.text_range();
        text.push_str(&laid_out[copied..usize::from(range.start())]);
        text.push_str(if old.text().contains('\n') { new.text() } else { old.text() });
        copied = usize::from(range.end());
    }
    text.push_str(&laid_out[copied..]);
    Some(text)
}
