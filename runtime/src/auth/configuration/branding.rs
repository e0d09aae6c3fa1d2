//! Name and logo on the pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Most bytes of a logo as it is written.
const MAX_LOGO: usize = 128 << 10;

/// Longest name, in characters.
const MAX_NAME: usize = 60;

/// Kinds of image that a logo may be. In an `<img>`, SVG runs no script and loads nothing.
const KINDS: [&str; 4] = ["image/svg+xml", "image/png", "image/jpeg", "image/webp"];

/// Name and logo on the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branding {
    /// Name of this server for people.
    pub name: String,
    /// A `data:` URI of an image.
    pub logo: Option<String>,
}

impl Default for Branding {
    fn default() -> Self {
        Self { name: "CloudNativePG".to_owned(), logo: None }
    }
}

/// Checks a name.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) || text.chars().count() > MAX_NAME {
        return Err(format!("is no name: one line of at most {MAX_NAME} characters is expected"));
    }
    Ok(text.trim().to_owned())
}

/// Checks a logo.
pub(super) fn logo(text: &str) -> Result<String, String> {
    let wrong =
        || format!("is no image; write data:<kind>;base64,<image>, where <kind> is one of {}", KINDS.join(", "));
    if text.len() > MAX_LOGO {
        return Err(format!("is {} bytes long, where at most {MAX_LOGO} are taken", text.len()));
    }
    let (kind, image) = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).ok_or_else(wrong)?;
    if !KINDS.contains(&kind) || image.is_empty() || STANDARD.decode(image).is_err() {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logos_are_images_in_the_address_itself() {
        assert!(logo("data:image/svg+xml;base64,PHN2Zy8+").is_ok());
        for bad in [
            "https://evil.example/logo.png",
            "data:text/html;base64,PHN2Zy8+",
            "data:image/svg+xml,<svg/>",
            "data:image/png;base64,\" onerror=\"x",
            "data:image/png;base64,",
        ] {
            assert!(logo(bad).is_err(), "{bad}");
        }
        assert!(logo(&format!("data:image/png;base64,{}", "A".repeat(MAX_LOGO))).is_err());
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name(" Example Databases ").unwrap(), "Example Databases");
        assert!(name("a\nb").is_err());
        assert!(name(&"x".repeat(61)).is_err());
    }
}
