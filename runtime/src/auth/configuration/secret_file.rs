//! The client's secret, from a file that may change while the server runs.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::SecretText;

/// Most bytes of a secret.
const MAX_SECRET: u64 = 4 << 10;

/// A secret that is asked for each time it is needed.
pub struct ClientSecret(Kept);

enum Kept {
    Fixed(SecretText),
    File { file: PathBuf, last: Mutex<SecretText> },
}

/// A file that holds no secret.
#[derive(Debug, Error)]
#[error("{}: {problem}", file.display())]
pub struct SecretFileError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    pub problem: String,
}

impl ClientSecret {
    /// A secret that stays.
    pub fn fixed(secret: SecretText) -> Self {
        Self(Kept::Fixed(secret))
    }

    /// The first line of a file, without blanks around it.
    ///
    /// # Errors
    /// Where the file cannot be read or holds nothing.
    pub fn from_file(file: &Path) -> Result<Self, SecretFileError> {
        let last = Mutex::new(read(file)?);
        Ok(Self(Kept::File { file: file.to_owned(), last }))
    }

    /// The secret as it is now. A file is read each time, which is seldom: once a call of the provider. While the file
    /// cannot be read, as when it is being replaced, it is the last one that was.
    pub fn current(&self) -> SecretText {
        match &self.0 {
            Kept::Fixed(secret) => secret.clone(),
            Kept::File { file, last } => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                match read(file) {
                    Ok(secret) => {
                        if secret.expose() != last.expose() {
                            tracing::info!(file = %file.display(), "the client's secret has changed");
                        }
                        *last = secret;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the client's secret cannot be read again; the last one is used");
                    }
                }
                last.clone()
            }
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kept::Fixed(_) => formatter.write_str("ClientSecret"),
            Kept::File { file, .. } => write!(formatter, "ClientSecret({})", file.display()),
        }
    }
}

fn read(file: &Path) -> Result<SecretText, SecretFileError> {
    let wrong = |problem: String| SecretFileError { file: file.to_owned(), problem };
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(file)
        .and_then(|opened| opened.take(MAX_SECRET + 1).read_to_string(&mut text))
        .map_err(|error| wrong(format!("the client's secret cannot be read: {error}")))?;
    if text.len() as u64 > MAX_SECRET {
        return Err(wrong(format!("longer than {MAX_SECRET} bytes, so it is no client's secret")));
    }
    match text.trim() {
        "" => Err(wrong("the file is empty, where the client's secret is expected".to_owned())),
        secret if secret.chars().any(char::is_control) => {
            Err(wrong("more than one line, where the client's secret alone is expected".to_owned()))
        }
        secret => Ok(SecretText::new(secret.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_and_a_missing_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "one\n").unwrap();
        let secret = ClientSecret::from_file(&file).unwrap();
        assert_eq!(secret.current().expose(), "one");
        std::fs::write(&file, "two").unwrap();
        assert_eq!(secret.current().expose(), "two");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(secret.current().expose(), "two");
        std::fs::write(&file, "").unwrap();
        assert_eq!(secret.current().expose(), "two");
        assert!(!format!("{secret:?}").contains("two"));
    }

    #[test]
    fn no_secret_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let refused = |content: &str| {
            std::fs::write(&file, content).unwrap();
            ClientSecret::from_file(&file).unwrap_err().to_string()
        };
        assert!(refused("").contains("is empty"));
        assert!(refused("hunter2\nhunter3").contains("more than one line"));
        assert!(refused(&"x".repeat(5000)).contains("longer"));
        assert!(!refused("hunter2\nhunter3").contains("hunter"));
    }
}
