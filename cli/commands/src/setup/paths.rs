//! Parts of addresses.

/// A text as one part of a path.
pub fn segment(text: &str) -> String {
    let mut url = reqwest::Url::parse("http://localhost").ok();
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.clear().push(text);
    }
    url.map(|url| url.path().trim_start_matches('/').to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_part_of_a_path() {
        assert_eq!(segment("https://a.example/mcp?x"), "https:%2F%2Fa.example%2Fmcp%3Fx");
        assert_eq!(segment("con_0001"), "con_0001");
    }
}
