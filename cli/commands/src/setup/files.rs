//! Files of an installation, in the folder where the command is run. They are replaced as a whole, so that an
//! interrupted run leaves the old one or the new one.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::story::{Change, Story};

/// Which image is built, and where it goes.
pub const MAKE_ENV: &str = "make.env";

/// What was set up at Auth0, with secrets.
pub const AUTH0_CONFIG: &str = "auth0-config.json";

/// The chart's values.
pub const AUTH0_VALUES: &str = "auth0-values.yaml";

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone (0600).
    Owner,
    /// Whoever the umask lets.
    Anyone,
}

/// The text of a file; `None` where there is none.
pub fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", path.display())),
    }
}

/// Brings a file to a text, and tells about it.
pub fn write(path: &Path, text: &str, readers: Readers, story: Story) -> anyhow::Result<Change> {
    let change = match read(path)? {
        None => Change::Made,
        Some(there) if there != text => Change::Changed,
        Some(_) if readers == Readers::Owner && !is_private(path)? => Change::Changed,
        Some(_) => Change::Unchanged,
    };
    if change != Change::Unchanged && !story.is_dry() {
        replace(path, text, readers).with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    story.tell(change, format_args!("`{}`", path.display()));
    Ok(change)
}

/// Replaces a file in one step.
pub fn replace(path: &Path, text: &str, readers: Readers) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if readers == Readers::Owner {
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    // A file of that name is of a process that had this number and was killed.
    let _ = fs::remove_file(&fresh);
    let written = options.open(&fresh).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&fresh, path));
    if placed.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    placed
}

/// Whether its owner alone may read a file.
#[cfg(unix)]
pub fn is_private(path: &Path) -> anyhow::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::metadata(path).with_context(|| format!("`{}` cannot be looked at", path.display()))?;
    Ok(metadata.permissions().mode().trailing_zeros() >= 6)
}

/// Who may read a file is not known here.
#[cfg(not(unix))]
pub fn is_private(_: &Path) -> anyhow::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_and_private_ones_stay_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        let (real, dry) = (Story::new(false), Story::new(true));
        assert_eq!(write(&path, "one", Readers::Owner, dry).unwrap(), Change::Made);
        assert!(!path.exists());
        assert_eq!(write(&path, "one", Readers::Owner, real).unwrap(), Change::Made);
        assert!(is_private(&path).unwrap());
        assert_eq!(write(&path, "one", Readers::Owner, real).unwrap(), Change::Unchanged);
        assert_eq!(write(&path, "two", Readers::Owner, real).unwrap(), Change::Changed);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(!is_private(&path).unwrap());
            assert_eq!(write(&path, "two", Readers::Owner, real).unwrap(), Change::Changed);
            assert!(is_private(&path).unwrap());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
