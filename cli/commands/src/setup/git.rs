//! The tag of an image, from what git says of the working copy.

use std::process::{Command, Stdio};

use super::files::{AUTH0_CONFIG, AUTH0_VALUES, MAKE_ENV};
use super::make_env::is_tag;

/// Longest part of a tag that a branch gives.
const MAX_BRANCH: usize = 80;

/// `<branch>-<short sha>`, the version where a release is checked out, and `-dirty` behind it where there are
/// uncommitted changes. `None` where this is no working copy with a commit.
pub fn tag() -> Option<String> {
    let sha = git(&["rev-parse", "--short", "HEAD"])?;
    let mut tag = release().unwrap_or_else(|| {
        // A commit that is no branch's head, as in most builds by machines.
        let branch = git(&["symbolic-ref", "--quiet", "--short", "HEAD"]).unwrap_or_else(|| "detached".to_owned());
        format!("{}-{sha}", sanitised(&branch))
    });
    if is_dirty() {
        tag.push_str("-dirty");
    }
    is_tag(&tag).then_some(tag)
}

/// Whether a tag is a version, which never moves (`v1.2.0`, `1.2.0-rc.1`).
pub fn is_version(tag: &str) -> bool {
    let rest = tag.strip_prefix('v').unwrap_or(tag);
    let (numbers, suffix) = rest.find(['-', '+']).map_or((rest, ""), |index| rest.split_at(index));
    let numbers: Vec<&str> = numbers.split('.').collect();
    let is_number = |text: &&str| !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
    numbers.len() == 3 && numbers.iter().all(is_number) && !suffix.ends_with("-dirty")
}

/// The release whose commit is checked out; the newest where there are several.
fn release() -> Option<String> {
    let tags = git(&["tag", "--points-at", "HEAD", "--sort=-version:refname"])?;
    tags.lines().find(|tag| is_version(tag)).map(sanitised)
}

/// Files that the set-up itself writes do not count.
fn is_dirty() -> bool {
    let excluded = [MAKE_ENV, AUTH0_CONFIG, AUTH0_VALUES].map(|file| format!(":(exclude,top){file}"));
    let mut arguments = vec!["status", "--porcelain", "--", ":/"];
    arguments.extend(excluded.iter().map(String::as_str));
    git(&arguments).is_some_and(|changes| !changes.is_empty())
}

/// What a tag may hold of a name.
fn sanitised(name: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
    let name: String = name.chars().map(|character| if fits(character) { character } else { '-' }).collect();
    name.trim_start_matches(['.', '-']).chars().take(MAX_BRANCH).collect()
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for version in ["1.2.0", "v1.2.0", "v10.0.1-rc.1"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["v1.2", "main-294a09f", "v1.2.0-dirty", "1.2.x", "v", ""] {
            assert!(!is_version(other), "{other}");
        }
    }

    #[test]
    fn names_of_branches() {
        assert_eq!(sanitised("feature/one two"), "feature-one-two");
        assert_eq!(sanitised("../x"), "x");
        assert_eq!(sanitised(&"y".repeat(200)).len(), MAX_BRANCH);
    }
}
