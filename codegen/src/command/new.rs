//! `new TOOL`: a spec to begin with.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::{refused, say, show_all, write_new};
use crate::diagnostic::{Sink, nearest};
use crate::kinds::read_kinds;
use crate::load::load;
use crate::lowered::Effect;
use crate::source::SourceMap;
use crate::starter::{Start, StarterVerb, starter};
use crate::syntax::is_name;
use crate::types::Types;

/// Write a starting spec for a tool: commented, and in order as it is.
#[derive(Debug, Args)]
pub(super) struct New {
    /// Name of the tool, as clients will call it, and of its file.
    tool: String,
    /// Kind that it works on: one that `resources/` describes.
    #[arg(long)]
    kind: String,
    /// What it does to the world.
    #[arg(long)]
    effect: EffectWord,
    /// How it begins; unless said `get` for read, `create` for write, `delete` for destroy.
    #[arg(long)]
    verb: Option<StarterVerb>,
    /// Its toolset; unless said the plural of the kind.
    #[arg(long)]
    toolset: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EffectWord {
    /// Changes nothing.
    Read,
    /// Creates or changes objects.
    Write,
    /// Deletes objects.
    Destroy,
}

impl New {
    /// The exit code is 1 where a name, the verb or the kind does not fit.
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        if !specs.is_dir() {
            anyhow::bail!("there is no folder {}; name the specs by --specs", specs.display());
        }
        let (mut sources, mut sink, mut types) = (SourceMap::default(), Sink::default(), Types::default());
        let loaded =
            load(specs, &mut sources, &mut sink).with_context(|| format!("cannot read {}", specs.display()))?;
        let before = sink.mark();
        let kinds = read_kinds(&loaded.resources, loaded.resources_unreadable, &mut types, &sources, &mut sink);
        let names: Vec<&str> = kinds.list.iter().map(|kind| kind.kind.as_str()).collect();
        if let Some(reason) = self.unfit() {
            return refused(&reason);
        }
        let Some(kind) = kinds.list.iter().find(|kind| kind.kind == self.kind) else {
            // Other files may be half written; a kind that is not there may be one whose description is wrong.
            let of_kinds = sink.since(before).to_vec();
            show_all(&sources, &of_kinds)?;
            return refused(&unknown_kind(&self.kind, &names));
        };
        let start = Start {
            tool: &self.tool,
            toolset: self.toolset.as_deref(),
            kind,
            types: &types,
            verb: self.verb(),
            shared: loaded.params.as_ref(),
        };
        let files = match starter(&start) {
            Ok(files) => files,
            Err(error) => return refused(&error.to_string()),
        };
        for file in &files {
            let path = specs.join(&file.path);
            if path.exists() {
                return refused(&format!(
                    "{} is there already and stays as it is; choose another name, or take the file away first",
                    path.display()
                ));
            }
        }
        for file in &files {
            let path = specs.join(&file.path);
            write_new(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
            say(&format!("{}\n", path.display()))?;
        }
        let tool = &self.tool;
        say(&format!(
            "Edit it, then `cnpg-mcp-codegen check` says what does not fit, and `cnpg-mcp-codegen expand {tool}` shows its Rust.\n"
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn effect(&self) -> Effect {
        match self.effect {
            EffectWord::Read => Effect::Read,
            EffectWord::Write => Effect::Write,
            EffectWord::Destroy => Effect::Destroy,
        }
    }

    fn verb(&self) -> StarterVerb {
        self.verb.unwrap_or_else(|| StarterVerb::usual(self.effect()))
    }

    /// Why the arguments do not go together.
    fn unfit(&self) -> Option<String> {
        let rule = "has lowercase letters, digits and `_`, begins with a letter, and has at most 64 characters";
        if !is_name(&self.tool) {
            return Some(format!("`{}` cannot be the name of a tool; a name {rule}", self.tool));
        }
        if let Some(toolset) = self.toolset.as_deref().filter(|toolset| !is_name(toolset)) {
            return Some(format!("`{toolset}` cannot be the name of a toolset; a name {rule}"));
        }
        let verb = self.verb();
        (verb.effect() != self.effect()).then(|| {
            let word = match verb.effect() {
                Effect::Read => "read",
                Effect::Write => "write",
                Effect::Destroy => "destroy",
            };
            format!(
                "a tool that begins with `{}` has the effect `{word}`; say `--effect {word}`, or another verb",
                verb.word()
            )
        })
    }
}

fn unknown_kind(wanted: &str, names: &[&str]) -> String {
    let hint = match nearest(wanted, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "describe it first: `cnpg-mcp-codegen import-crd FILE`".to_owned(),
        None => {
            format!("there are: {}. Describe another one first: `cnpg-mcp-codegen import-crd FILE`", names.join(", "))
        }
    };
    format!("there is no description of the kind `{wanted}`; {hint}")
}
