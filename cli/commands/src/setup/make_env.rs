//! `make.env`: lines `NAME=VALUE` that the Makefile takes in. Lines made by hand stay as they are.

use std::path::Path;

use anyhow::ensure;

use super::files;

/// A name, and what it may be.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    pub what: &'static str,
    fits: fn(&str) -> bool,
}

pub const REGISTRY: Variable = Variable {
    name: "REGISTRY",
    what: "a registry with its path, such as registry.example.com/databases",
    fits: is_registry,
};
pub const IMAGE_NAME: Variable =
    Variable { name: "IMAGE_NAME", what: "the name of an image, such as cnpg-mcp", fits: is_component };
pub const TAG: Variable =
    Variable { name: "TAG", what: "a tag: letters, digits, `_`, `.` and `-`, at most 128", fits: is_tag };
pub const PLATFORM: Variable =
    Variable { name: "PLATFORM", what: "a platform, such as linux/amd64", fits: is_platform };

impl Variable {
    /// Refuses a value that does not fit.
    pub fn check(&self, value: &str) -> anyhow::Result<()> {
        ensure!((self.fits)(value), "`{value}` is no {} value; it is {}", self.name, self.what);
        Ok(())
    }
}

/// The file, line by line.
#[derive(Debug, Default)]
pub struct MakeEnv {
    lines: Vec<String>,
}

impl MakeEnv {
    /// Reads it; empty where there is none.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = files::read(path)?.unwrap_or_default();
        Ok(Self { lines: text.lines().map(str::to_owned).collect() })
    }

    /// The value of a name: that of the last line that sets it, as in make.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.lines.iter().rev().find_map(|line| assigned(line).filter(|(set, _)| *set == name));
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Sets a name: in place where a line does, else in a new line.
    pub fn set(&mut self, name: &str, value: &str) {
        let last = self.lines.iter().rposition(|line| assigned(line).is_some_and(|(set, _)| set == name));
        let line = format!("{name}={value}");
        match last {
            Some(index) if self.get(name) != Some(value) => self.lines[index] = line,
            Some(_) => {}
            None => self.lines.push(line),
        }
    }

    /// The whole file.
    pub fn text(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }

    /// `REGISTRY/IMAGE_NAME`, where the file has an image.
    pub fn repository(&self) -> Option<String> {
        let image = self.get(IMAGE_NAME.name)?;
        Some(self.get(REGISTRY.name).map_or_else(|| image.to_owned(), |registry| format!("{registry}/{image}")))
    }
}

/// Name and value of a line, where it sets one.
fn assigned(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end().trim_end_matches([':', '?']).trim_end();
    let is_name =
        !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    // A comment begins at a `#`, as in make.
    is_name.then(|| (name, value.split('#').next().unwrap_or_default().trim()))
}

/// A part of an image's path (OCI Distribution Specification, "Pulling manifests").
fn is_component(text: &str) -> bool {
    let ends = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    text.starts_with(ends)
        && text.ends_with(ends)
        && text.chars().all(|character| ends(character) || matches!(character, '.' | '_' | '-'))
}

fn is_registry(text: &str) -> bool {
    let mut parts = text.split('/');
    let host = parts.next().unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    is_component(name) && port.parse::<u16>().is_ok() && parts.all(is_component)
}

/// OCI Distribution Specification, "Pulling manifests".
pub fn is_tag(text: &str) -> bool {
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.len() <= 128
        && text.starts_with(word)
        && text.chars().all(|character| word(character) || matches!(character, '.' | '-'))
}

fn is_platform(text: &str) -> bool {
    (2..=3).contains(&text.split('/').count()) && text.split('/').all(is_component)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> MakeEnv {
        MakeEnv { lines: text.lines().map(str::to_owned).collect() }
    }

    #[test]
    fn lines_made_by_hand_stay() {
        let text = "# ours\nREGISTRY = example.com/a  # internal\n\nexport NAMESPACE:=databases\nTAG ?= old\n";
        let mut file = parsed(text);
        assert_eq!(file.get("REGISTRY"), Some("example.com/a"));
        assert_eq!(file.get("NAMESPACE"), Some("databases"));
        assert_eq!(file.get("IMAGE_NAME"), None);
        file.set("REGISTRY", "example.com/a");
        file.set("TAG", "new");
        file.set("IMAGE_NAME", "cnpg-mcp");
        assert_eq!(file.text(), text.replace("TAG ?= old", "TAG=new") + "IMAGE_NAME=cnpg-mcp\n");
        assert_eq!(file.repository().as_deref(), Some("example.com/a/cnpg-mcp"));
    }

    #[test]
    fn the_last_line_holds_and_empty_ones_do_not() {
        assert_eq!(parsed("TAG=a\nTAG=b").get("TAG"), Some("b"));
        assert_eq!(parsed("TAG=").get("TAG"), None);
        assert_eq!(parsed("not a line\n# TAG=c").get("TAG"), None);
        assert_eq!(parsed("IMAGE_NAME=x").repository().as_deref(), Some("x"));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for (variable, good, bad) in [
            (
                REGISTRY,
                &["wateim", "localhost:5000", "ghcr.io/a/b"][..],
                &["", "https://x", "A", "x/", "a b", "x:y"][..],
            ),
            (IMAGE_NAME, &["cnpg-mcp"], &["a/b", "-a", "A", "a:b"]),
            (TAG, &["main-294a09f", "v1.2.0", "_x"], &["", ".a", "a/b", "a b", "a+b"]),
            (PLATFORM, &["linux/amd64", "linux/arm/v7"], &["linux", "linux/", "a/b/c/d"]),
        ] {
            for value in good {
                assert!(variable.check(value).is_ok(), "{value}");
            }
            for value in bad {
                assert!(variable.check(value).unwrap_err().to_string().contains(variable.name), "{value}");
            }
        }
    }
}
