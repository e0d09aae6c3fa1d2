//! Files in the user's cache that hold secrets from one call to the next: readable by their owner alone, and whole or
//! not there.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::setup::files::{self, Readers};

/// One file.
#[derive(Debug, Clone)]
pub struct KeptFile {
    path: PathBuf,
}

impl KeptFile {
    /// The file of what `parts` name together, in a folder of the cache; the folder is made where it is not there.
    pub fn of(folder: &str, parts: &[&str]) -> anyhow::Result<Self> {
        let name = URL_SAFE_NO_PAD.encode(Sha256::digest(parts.join("\0")));
        Ok(Self { path: made(folder)?.join(format!("{name}.json")) })
    }

    /// Where it is.
    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// What is kept. A file that others may read, or that is broken, counts as none and is taken away.
    pub fn read<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", self.path.display())),
        };
        let kept = if files::is_private(&self.path)? { serde_json::from_slice(&text).ok() } else { None };
        if kept.is_none() {
            eprintln!("{} is broken, or others can read it; it is not used", self.path.display());
            self.forget()?;
        }
        Ok(kept)
    }

    /// Keeps this in place of what was there.
    pub fn write(&self, content: &Value) -> anyhow::Result<()> {
        files::replace(&self.path, &content.to_string(), Readers::Owner)
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Takes away what is kept.
    pub fn forget(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// `$XDG_CACHE_HOME/cnpg-mcp/FOLDER`, else `~/.cache/cnpg-mcp/FOLDER`; made where it is not there.
fn made(folder: &str) -> anyhow::Result<PathBuf> {
    let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME says where tokens could be kept")?;
    let folder = cache.join("cnpg-mcp").join(folder);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(folder)
}
