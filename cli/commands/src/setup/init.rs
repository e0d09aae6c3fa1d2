//! `cnpg-mcp setup init`: `make.env`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use super::files::{self, MAKE_ENV, Readers};
use super::make_env::{IMAGE_NAME, MakeEnv, PLATFORM, REGISTRY, TAG, Variable};
use super::story::{Change, Story};
use super::{answers, git};

/// Name of the image where nothing else is said.
const USUAL_IMAGE: &str = "cnpg-mcp";

/// What most nodes are.
const USUAL_PLATFORM: &str = "linux/amd64";

/// What can be said. What is not is found, kept from make.env, or asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Registry, with the path in it: registry.example.com/databases
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
    /// Name of the image [default: that of make.env, else cnpg-mcp]
    #[arg(long, value_name = "NAME")]
    image_name: Option<String>,
    /// Tag of the image [default: from git, `BRANCH-COMMIT` or the version that is checked out]
    #[arg(long)]
    tag: Option<String>,
    /// Platform that the image is built for [default: that of make.env, else linux/amd64]
    #[arg(long)]
    platform: Option<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let story = Story::new(arguments.dry_run);
    let path = Path::new(MAKE_ENV);
    let mut file = MakeEnv::read(path)?;
    let there = |file: &MakeEnv, variable: &Variable| file.get(variable.name).map(str::to_owned);

    let registry = match arguments.registry.clone().or_else(|| there(&file, &REGISTRY)) {
        Some(registry) => registry,
        None => asked(&REGISTRY, "--registry")?,
    };
    let image = arguments.image_name.clone().or_else(|| there(&file, &IMAGE_NAME));
    let image = image.unwrap_or_else(|| USUAL_IMAGE.to_owned());
    // The one that is renewed: what stands there is of an earlier build.
    let tag = match arguments.tag.clone().or_else(git::tag) {
        Some(tag) => tag,
        None => asked(&TAG, "--tag")?,
    };
    let platform = arguments.platform.clone().or_else(|| there(&file, &PLATFORM));
    let platform = platform.unwrap_or_else(|| USUAL_PLATFORM.to_owned());

    for (variable, value) in [(&REGISTRY, registry), (&IMAGE_NAME, image), (&TAG, tag), (&PLATFORM, platform)] {
        variable.check(&value)?;
        let change = match there(&file, variable) {
            None => Change::Made,
            Some(old) if old != value => Change::Changed,
            Some(_) => Change::Unchanged,
        };
        file.set(variable.name, &value);
        story.tell(change, format_args!("{}={value}", variable.name));
    }
    files::write(path, &file.text(), Readers::Anyone, story)?;
    story.next(
        "`cnpg-mcp setup auth0 --domain TENANT.auth0.com --api-identifier https://HOST/mcp`, and `make build push`",
    );
    Ok(ExitCode::SUCCESS)
}

fn asked(variable: &Variable, flag: &str) -> anyhow::Result<String> {
    if !answers::somebody_is_there() {
        bail!("{} is not known; pass {flag}: {}", variable.name, variable.what);
    }
    answers::ask(&format!("{} ({})", variable.name, variable.what), flag, |value| variable.check(value))
}
