//! What a container image's name says about PostgreSQL's version.

/// The image that CloudNativePG 1.30.0 uses where a cluster names none.
pub const DEFAULT_IMAGE: &str = "ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie";

/// The tag of an image reference: `latest` where neither tag nor digest is given, empty where
/// there is only a digest.
pub fn tag(image: &str) -> &str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or(name);
    match (last.split_once(':'), digest) {
        (Some((_, tag)), _) => tag,
        (None, Some(_)) => "",
        (None, None) => "latest",
    }
}

/// Version of PostgreSQL as `(major, minor)` by the image's tag; `None` where the tag says nothing.
/// A major version alone has minor 0, as has a pre-release.
pub fn version(image: &str) -> Option<(u64, u64)> {
    let tag = tag(image);
    let numbers = &tag[..tag.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(tag.len())];
    let mut parts = numbers.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_versions() {
        for (image, expected_tag, expected_version) in [
            (DEFAULT_IMAGE, "18.4-system-trixie", Some((18, 4))),
            ("ghcr.io/cloudnative-pg/postgresql:17.5", "17.5", Some((17, 5))),
            ("localhost:5000/pg:16", "16", Some((16, 0))),
            ("localhost:5000/pg", "latest", None),
            ("pg@sha256:abc", "", None),
            ("pg:17beta1@sha256:abc", "17beta1", Some((17, 0))),
        ] {
            assert_eq!(tag(image), expected_tag, "{image}");
            assert_eq!(version(image), expected_version, "{image}");
        }
    }
}
