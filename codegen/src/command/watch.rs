//! `watch`: the specs checked on every save.
//!
//! The folder is looked at twenty times a second: paths, times and sizes of some dozens of files, well under a
//! millisecond. Notifications of the system would save that and cost a dependency for each system, and they do not
//! come through on network drives and on folders mounted into a container, where people edit specs too.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;

use super::{compiled, counted, show_all};
use crate::diagnostic::Severity;
use crate::load;

/// Between two looks at the folder.
const PAUSE: Duration = Duration::from_millis(50);

/// A folder that never comes to rest is checked after so long all the same.
const UNREST: Duration = Duration::from_millis(400);

/// Check the specs, and again whenever one is saved. Ctrl-C or the end of the input stops it.
#[derive(Debug, Args)]
pub(super) struct Watch {}

impl Watch {
    pub(super) fn run(&self, specs: &Path) -> anyhow::Result<ExitCode> {
        let Self {} = self;
        if !specs.is_dir() {
            anyhow::bail!("there is no folder {}; name the specs by --specs", specs.display());
        }
        let input = end_of_input();
        if !told(&format!("Watching {}. Ctrl-C stops.\n", specs.display()))? {
            return Ok(ExitCode::SUCCESS);
        }
        // Looked at before the check, so that nothing saved during it is missed.
        let mut seen = look(specs);
        loop {
            if !check(specs)? {
                return Ok(ExitCode::SUCCESS);
            }
            let Some(now) = next(specs, &seen, &input) else { return Ok(ExitCode::SUCCESS) };
            if !told(&format!("\n{}\n", differences(specs, &seen, &now)))? {
                return Ok(ExitCode::SUCCESS);
            }
            seen = now;
        }
    }
}

/// Files by path, with what tells that one was saved.
type Look = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// The folder as it is now; a file that goes away meanwhile is not there.
fn look(specs: &Path) -> Look {
    let files = load::spec_files(specs).unwrap_or_default();
    files
        .into_iter()
        .filter_map(|path| {
            let about = path.metadata().ok()?;
            Some((path, (about.modified().ok(), about.len())))
        })
        .collect()
}

/// The folder once it is another than it was and has come to rest; `None` where the input ended before.
fn next(specs: &Path, seen: &Look, input: &Receiver<()>) -> Option<Look> {
    let mut last = look(specs);
    let mut since = None;
    loop {
        if last != *seen && since.is_none() {
            since = Some(Instant::now());
        }
        match input.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return None,
        }
        let now = look(specs);
        let rested = now == last || since.is_some_and(|since| since.elapsed() > UNREST);
        if now != *seen && rested {
            return Some(now);
        }
        last = now;
    }
}

/// `tools/a.yaml changed, tools/b.yaml is new`.
fn differences(specs: &Path, before: &Look, now: &Look) -> String {
    let shown = |path: &Path| path.strip_prefix(specs).unwrap_or(path).display().to_string();
    let gone = before.keys().filter(|path| !now.contains_key(*path)).map(|path| format!("{} is gone", shown(path)));
    let other = now.iter().filter_map(|(path, state)| match before.get(path) {
        None => Some(format!("{} is new", shown(path))),
        Some(old) if old != state => Some(format!("{} changed", shown(path))),
        Some(_) => None,
    });
    gone.chain(other).collect::<Vec<_>>().join(", ")
}

/// Checks once; `false` where nobody reads any more.
fn check(specs: &Path) -> anyhow::Result<bool> {
    let begun = Instant::now();
    // A file that was removed between two calls is no reason to stop: the next look finds it so.
    let compilation = match compiled(specs) {
        Ok(compilation) => compilation,
        Err(error) => return Ok(told(&format!("error: {error:#}\n"))?),
    };
    let took = begun.elapsed().as_millis();
    show_all(&compilation.sources, &compilation.diagnostics)?;
    let count = |severity| compilation.diagnostics.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let also = if warnings > 0 { format!(", {}", counted(warnings, "warning")) } else { String::new() };
    let text = match &compilation.program {
        Some(program) => {
            let (tools, kinds) = (counted(program.tools.len(), "tool"), counted(program.kinds.len(), "kind"));
            format!("{tools} and {kinds} are in order{also} ({took} ms).\n")
        }
        None => format!("{}{also} ({took} ms).\n", counted(errors, "error")),
    };
    Ok(told(&text)?)
}

/// Says it at once; `false` where nobody reads any more.
fn told(text: &str) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Hears when standard input ends: whoever started this is gone then.
fn end_of_input() -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 256];
        while stdin.read(&mut ignored).is_ok_and(|read| read > 0) {}
        // Where the other side is gone already there is nobody to tell.
        let _ = sender.send(());
    });
    receiver
}
