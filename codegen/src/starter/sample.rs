//! A text that matches a pattern, for the example call of a starting spec.

use regex::Regex;
use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

/// Texts that read better than what a pattern gives; the first that matches is taken.
const FAMILIAR: &[&str] = &["example", "1h", "30d", "10Gi", "1", "https://example.com", "example.com", "1.0.0", "a/b"];

/// A text that the pattern matches, of at most so many characters. `None` where none is found.
pub fn matching(pattern: &str, max_length: Option<usize>) -> Option<String> {
    let regex = Regex::new(pattern).ok()?;
    let fits = |text: &str| regex.is_match(text) && max_length.is_none_or(|max| text.chars().count() <= max);
    if let Some(familiar) = FAMILIAR.iter().find(|text| fits(text)) {
        return Some((*familiar).to_owned());
    }
    let mut text = String::new();
    shortest(&regex_syntax::parse(pattern).ok()?, &mut text)?;
    fits(&text).then_some(text)
}

/// Appends a short text that the expression matches.
fn shortest(hir: &Hir, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let has = |c: char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c));
            let least = class.ranges().first().map(ClassUnicodeRange::start);
            text.push(['a', 'A', '0', '-'].into_iter().find(|c| has(*c)).or(least)?);
        }
        // Only patterns that leave Unicode have such classes; no schema does.
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            // A pattern may ask for more than anybody wants to read.
            for _ in 0..repetition.min.min(200) {
                shortest(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => shortest(&capture.sub, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| shortest(part, text))?,
        HirKind::Alternation(parts) => shortest(parts.first()?, text)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn texts_match() {
        assert_eq!(matching("^[1-9][0-9]*[dwm]$", None).as_deref(), Some("30d"));
        assert_eq!(matching("^(@(annually|daily)|x{3}[0-9]+)$", None).as_deref(), Some("@annually"));
        assert_eq!(matching("^v[0-9]{2}-(a|b)?$", None).as_deref(), Some("v00-"));
        assert_eq!(matching("^.{300}$", None), None);
        assert_eq!(matching("(", None), None);
        assert_eq!(matching("^x{5}$", Some(3)), None);
    }
}
