//! `cnpg-mcp setup backup` and `restore`: all that is needed to bring an installation back, in one folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use http::Method;
use serde_json::{Value, json};

use super::auth0::access::Token;
use super::auth0::export::{self, EXPORT};
use super::cluster::{Access, Cluster};
use super::files::{self, AUTH0_CONFIG, AUTH0_VALUES, MAKE_ENV, Readers};
use super::paths::segment;
use super::secret::{self, RELEASE};
use super::secret_keys;
use super::story::{Change, Story, note};

/// The Secret in a backup.
const SECRET: &str = "secret.json";

/// Files of the folder in which the set-up is run.
const FILES: [&str; 3] = [MAKE_ENV, AUTH0_CONFIG, AUTH0_VALUES];

/// What is saved, and where.
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// Folder of the backup, which only you can read
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Leave the export of Auth0 out: another provider, or Auth0 is away
    #[arg(long)]
    without_auth0: bool,
    #[command(flatten)]
    token: Token,
}

/// What is brought back.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Folder of the backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Replace files and a Secret that are there and differ
    #[arg(long)]
    replace: bool,
}

/// Which Secret.
#[derive(Debug, clap::Args)]
struct Place {
    /// Namespace of the release [default: that of the kubeconfig's context]
    #[arg(long)]
    namespace: Option<String>,
    /// Name of the release
    #[arg(long, value_name = "RELEASE", default_value = RELEASE)]
    release_name: String,
    /// Leave the Secret out
    #[arg(long)]
    without_secret: bool,
    #[command(flatten)]
    access: Access,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Where a Secret is.
struct Found {
    cluster: Cluster,
    namespace: String,
    name: String,
    secret: Option<Value>,
}

impl Place {
    async fn find(&self) -> anyhow::Result<Found> {
        let cluster = Cluster::open(&self.access, None).await?;
        let namespace = self.namespace.clone().unwrap_or_else(|| cluster.namespace().to_owned());
        let name = secret::name(&self.release_name);
        let secret = cluster.get(&format!("{}/{}", secret::collection(&namespace), segment(&name))).await?;
        Ok(Found { cluster, namespace, name, secret })
    }
}

pub async fn back_up(arguments: Backup) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.place.dry_run);
    // All is read before anything is written: a backup of an earlier time stays whole where this fails.
    let mut texts = Vec::new();
    for file in FILES {
        match files::read(Path::new(file))? {
            Some(text) => texts.push((file, text)),
            None => note(format_args!("there is no `{file}` here, so it is not in the backup")),
        }
    }
    ensure!(!texts.is_empty(), "there is nothing of a set-up in this folder ({})", FILES.join(", "));
    if !arguments.place.without_secret {
        let found =
            arguments.place.find().await.context("the Secret cannot be saved; --without-secret leaves it out")?;
        let there = found.secret.with_context(|| {
            format!("there is no Secret `{}` in `{}`; --without-secret leaves it out", found.name, found.namespace)
        })?;
        let manifest = secret::manifest(&found.name, &secret_keys::data(&there));
        texts.push((SECRET, format!("{manifest:#}\n")));
    }
    if !arguments.without_auth0 {
        let text = export::export(arguments.token).await;
        texts.push((EXPORT, text.context("Auth0 cannot be saved; --without-auth0 leaves it out")?));
    }
    if !story.is_dry() {
        make_folder(&arguments.folder)
            .with_context(|| format!("the folder `{}` cannot be made", arguments.folder.display()))?;
    }
    for (file, text) in texts {
        files::write(&arguments.folder.join(file), &text, Readers::Owner, story)?;
    }
    story.next(format_args!(
        "keep `{}` where secrets are kept; `cnpg-mcp setup restore {0}` brings all back",
        arguments.folder.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// A folder that its owner alone can look into.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

pub async fn restore(arguments: Restore) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.place.dry_run);
    let folder = &arguments.folder;
    let mut texts = Vec::new();
    for file in FILES.into_iter().chain([EXPORT]) {
        if let Some(text) = files::read(&folder.join(file))? {
            texts.push((file, text));
        }
    }
    let saved = files::read(&folder.join(SECRET))?.filter(|_| !arguments.place.without_secret);
    ensure!(!texts.is_empty() || saved.is_some(), "`{}` holds no backup", folder.display());
    // Whatever stands in the way is said before anything is written.
    if !arguments.replace {
        for (file, text) in &texts {
            let differs = files::read(Path::new(file))?.is_some_and(|there| there != *text);
            ensure!(!differs, "`{file}` is there and differs from the backup; pass --replace");
        }
    }
    let mut secret = None;
    if let Some(saved) = saved {
        let saved: Value = serde_json::from_str(&saved)
            .map_err(|error| anyhow::anyhow!("`{SECRET}` of the backup is no JSON (line {})", error.line()))?;
        let data = secret_keys::data(&saved);
        ensure!(!data.is_empty(), "`{SECRET}` of the backup holds nothing");
        let found =
            arguments.place.find().await.context("the Secret cannot be restored; --without-secret leaves it out")?;
        if let Some(there) = &found.secret {
            let (lines, differ) = secret_keys::difference(&secret_keys::data(there), &data);
            if differ && !arguments.replace {
                bail!("the Secret `{}` is there and differs; pass --replace:\n{}", found.name, lines.join("\n"));
            }
        }
        secret = Some((found, data));
    }
    for (file, text) in &texts {
        let readers = if matches!(*file, AUTH0_CONFIG | EXPORT) { Readers::Owner } else { Readers::Anyone };
        files::write(Path::new(file), text, readers, story)?;
    }
    if let Some((found, data)) = secret {
        put_back(found, &data, story).await?;
    }
    story.next(
        "`make deploy`, then `cnpg-mcp setup doctor`; where objects at Auth0 were lost, `cnpg-mcp setup auth0` first",
    );
    Ok(ExitCode::SUCCESS)
}

async fn put_back(found: Found, data: &secret_keys::Data, story: Story) -> anyhow::Result<()> {
    let collection = secret::collection(&found.namespace);
    let change = match found.secret {
        None => {
            let manifest = secret::manifest(&found.name, data);
            let made = found.cluster.send(Method::POST, &collection, Some(&manifest), story.is_dry()).await;
            made.with_context(|| {
                format!("where the namespace `{}` is missing: `kubectl create namespace`", found.namespace)
            })?;
            Change::Made
        }
        Some(there) if secret_keys::data(&there) == *data => Change::Unchanged,
        Some(mut there) => {
            there["data"] = json!(data);
            let path = format!("{collection}/{}", segment(&found.name));
            found.cluster.send(Method::PUT, &path, Some(&there), story.is_dry()).await?;
            Change::Changed
        }
    };
    story.tell(change, format_args!("Secret `{}` in `{}`", found.name, found.namespace));
    Ok(())
}
