//! Tokens that are kept from one call to the next, readable by their owner alone.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cnpg_mcp_runtime::secret::SecretText;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::provider::Asked;
use crate::setup::files::{self, Readers};

/// Seconds for which a token must still be valid to be given out.
const LEAST: u64 = 60;

/// Tokens of one login.
#[derive(Clone, Deserialize)]
pub struct Kept {
    /// The access token.
    pub access_token: SecretText,
    /// When it expires, in seconds since 1970.
    pub expires: u64,
    /// For the next ones.
    pub refresh_token: Option<SecretText>,
}

impl Kept {
    /// Whether the access token is valid for a while yet.
    pub fn lasts(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.expires > now + LEAST
    }
}

/// The file of one provider, audience and client.
pub struct Cache {
    file: PathBuf,
}

impl Cache {
    pub fn of(asked: &Asked) -> anyhow::Result<Self> {
        let name = Sha256::digest(format!("{}\0{}\0{}", asked.issuer, asked.audience, asked.client_id));
        Ok(Self { file: folder()?.join(format!("{}.json", URL_SAFE_NO_PAD.encode(name))) })
    }

    /// What is kept. A file that others may read, or that is broken, counts as none and is taken away.
    pub fn read(&self) -> anyhow::Result<Option<Kept>> {
        let text = match fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", self.file.display())),
        };
        let kept = if files::is_private(&self.file)? { serde_json::from_slice(&text).ok() } else { None };
        if kept.is_none() {
            eprintln!("{} is broken, or others can read it; it is not used", self.file.display());
            self.forget()?;
        }
        Ok(kept)
    }

    /// Keeps tokens, in place of those before. The file is whole or not there, and never anybody else's to read.
    pub fn write(&self, kept: &Kept) -> anyhow::Result<()> {
        let text = json!({
            "access_token": kept.access_token.expose(),
            "expires": kept.expires,
            "refresh_token": kept.refresh_token.as_ref().map(SecretText::expose),
        });
        files::replace(&self.file, &text.to_string(), Readers::Owner)
            .with_context(|| format!("{} cannot be written", self.file.display()))?;
        Ok(())
    }

    /// Takes away what is kept.
    pub fn forget(&self) -> anyhow::Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.file.display()))
            }
            _ => Ok(()),
        }
    }
}

/// `$XDG_CACHE_HOME/cnpg-mcp/tokens`, else `~/.cache/cnpg-mcp/tokens`; made where it is not there.
fn folder() -> anyhow::Result<PathBuf> {
    let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    let folder =
        cache.context("neither XDG_CACHE_HOME nor HOME says where tokens could be kept")?.join("cnpg-mcp/tokens");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(folder)
}
