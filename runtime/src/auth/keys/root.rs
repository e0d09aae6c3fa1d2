//! The file of root keys.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;
use zeroize::Zeroizing;

/// Fewest bytes of a root key: as many as an HS256 key must have (RFC 7518, section 3.2).
const MIN_BYTES: usize = 32;

/// Most bytes of a root key; more add nothing.
const MAX_BYTES: usize = 128;

/// Most root keys of a file: each makes the refusal of a forged token dearer.
const MAX_KEYS: usize = 8;

/// Most bytes of a file.
const MAX_FILE: u64 = 64 << 10;

/// How to make a key, for messages.
const ADVICE: &str = "make one with `openssl rand -base64 32`";

/// Base64 in either alphabet's padding habits.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// One or more root keys, the issuing one first. Wiped from memory when dropped.
pub struct RootKeys(Vec<Zeroizing<Vec<u8>>>);

/// A file of root keys that cannot be used. Nothing of a key is in the message.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("{}: the signing keys cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no list of keys.
    #[error("{}: {problem}", file.display())]
    Whole {
        /// The file.
        file: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A line is no key.
    #[error("{}:{line}: {problem}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl RootKeys {
    /// Reads a file: one key a line, base64 (either alphabet, padded or not) of 32 to 128 bytes. Empty
    /// lines and lines that begin with `#` say nothing.
    ///
    /// # Errors
    /// Where the file cannot be read or is no list of 1 to 8 different keys.
    pub fn read(file: &Path) -> Result<Self, KeyFileError> {
        use std::io::Read as _;
        let unreadable = |source| KeyFileError::Unreadable { file: file.to_owned(), source };
        let mut text = Zeroizing::new(String::new());
        let opened = std::fs::File::open(file).map_err(unreadable)?;
        opened.take(MAX_FILE + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_FILE {
            let problem = format!("longer than {MAX_FILE} bytes, so it is no list of keys");
            return Err(KeyFileError::Whole { file: file.to_owned(), problem });
        }
        Self::parse(&text, file)
    }

    /// As [`RootKeys::read`], from text; `file` is for messages.
    ///
    /// # Errors
    /// As [`RootKeys::read`].
    pub fn parse(text: &str, file: &Path) -> Result<Self, KeyFileError> {
        let whole = |problem| KeyFileError::Whole { file: file.to_owned(), problem };
        let mut keys: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = |problem| KeyFileError::Line { file: file.to_owned(), line: index + 1, problem };
            let key = decode(line).ok_or_else(|| refuse(format!("not base64; {ADVICE}")))?;
            if !(MIN_BYTES..=MAX_BYTES).contains(&key.len()) {
                return Err(refuse(format!(
                    "a signing key of {} bytes, where {MIN_BYTES} to {MAX_BYTES} are needed; {ADVICE}",
                    key.len()
                )));
            }
            if key.iter().all(|byte| *byte == key[0]) {
                return Err(refuse(format!("a signing key of one repeated byte is no secret; {ADVICE}")));
            }
            if keys.contains(&key) {
                return Err(refuse("the same signing key as on a line before; remove one of them".to_owned()));
            }
            if keys.len() == MAX_KEYS {
                return Err(refuse(format!("more than {MAX_KEYS} signing keys; remove the oldest ones, at the end")));
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(whole(format!("no signing key is in it; {ADVICE}"))) } else { Ok(Self(keys)) }
    }

    /// One new key, for a server on a loopback address: what it issues is worth nothing after a restart.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new(vec![0; MIN_BYTES]);
        getrandom::fill(&mut key)?;
        Ok(Self(vec![key]))
    }

    /// The keys, the issuing one first; at least one.
    pub(super) fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|key| key.as_slice())
    }
}

impl fmt::Debug for RootKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RootKeys({})", self.0.len())
    }
}

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD as PADDED, URL_SAFE_NO_PAD};

    const OLD: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
    // Its base64 has characters that differ between the alphabets.
    const NEW: [u8; 33] = *b"\xff\xfe\xfd\xfc\xfb\xfa\xf9 another key, a longer one";

    fn parse(text: &str) -> Result<RootKeys, String> {
        RootKeys::parse(text, Path::new("keys")).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_read_in_order_in_either_alphabet() {
        for (new, old) in
            [(PADDED.encode(NEW), PADDED.encode(OLD)), (URL_SAFE_NO_PAD.encode(NEW), URL_SAFE_NO_PAD.encode(OLD))]
        {
            let keys = parse(&format!("# rotated in May\r\n\r\n  {new}\r\n{old}\n\n")).unwrap();
            assert_eq!(keys.all().collect::<Vec<_>>(), [&NEW[..], &OLD[..]]);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_the_key() {
        let (old, new) = (PADDED.encode(OLD), PADDED.encode(NEW));
        let short = PADDED.encode(&OLD[..31]);
        let many = (0..9_u8).fold(String::new(), |text, index| {
            let mut key = OLD;
            key[0] = index;
            text + &PADDED.encode(key) + "\n"
        });
        for (text, begin) in [
            (String::new(), "keys: no signing key"),
            ("# nothing\n\n".to_owned(), "keys: no signing key"),
            (format!("{new}\nhunter2!hunter2!\n"), "keys:2: not base64"),
            (format!("{old}\n{new}\n#\n{short}"), "keys:4: a signing key of 31 bytes"),
            (PADDED.encode([7; 129]), "keys:1: a signing key of 129 bytes"),
            (PADDED.encode([0; 32]), "keys:1: a signing key of one repeated byte"),
            (format!("{old}\n{}", URL_SAFE_NO_PAD.encode(OLD)), "keys:2: the same signing key"),
            (many, "keys:9: more than 8"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with(begin), "{error}");
            for secret in ["hunter2", &old, &new, &short] {
                assert!(!error.contains(secret), "{error}");
            }
        }
    }

    #[test]
    fn files_are_read_and_what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signing");
        let error = RootKeys::read(&file).unwrap_err().to_string();
        assert!(error.contains("signing: the signing keys cannot be read: "), "{error}");
        std::fs::write(&file, PADDED.encode(OLD)).unwrap();
        assert_eq!(RootKeys::read(&file).unwrap().all().count(), 1);
        std::fs::write(&file, "#".repeat(70_000)).unwrap();
        assert!(RootKeys::read(&file).unwrap_err().to_string().contains("longer than"));
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(RootKeys::read(&file).is_err());
    }

    #[test]
    fn generated_keys_differ_and_are_not_shown() {
        let (a, b) = (RootKeys::generate().unwrap(), RootKeys::generate().unwrap());
        assert_ne!(a.all().next(), b.all().next());
        assert_eq!(format!("{a:?}"), "RootKeys(1)");
    }
}
