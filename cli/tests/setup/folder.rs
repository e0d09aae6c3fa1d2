//! A folder in which steps are run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// An empty folder, and what every step in it is told.
pub struct Folder {
    folder: TempDir,
    common: Vec<(String, String)>,
}

/// What a step said.
pub struct Said {
    pub success: bool,
    pub text: String,
}

impl Said {
    /// Its text, where it succeeded.
    #[track_caller]
    pub fn done(self) -> String {
        assert!(self.success, "{}", self.text);
        self.text
    }

    /// Its text, where it failed.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(!self.success, "{}", self.text);
        self.text
    }
}

impl Folder {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), common: Vec::new() }
    }

    /// A variable of the environment for all steps.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.common.push((name.to_owned(), value.into()));
        self
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    /// Permission bits of a file.
    pub fn mode(&self, file: &str) -> u32 {
        std::fs::metadata(self.path(file)).unwrap().permissions().mode() & 0o777
    }

    /// Every file with its text.
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files
    }

    /// A step, to be started.
    pub fn command(&self, step: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp"));
        command
            .arg("setup")
            .args(step)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .envs(self.common.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a step to its end.
    pub fn run(&self, step: &[&str]) -> Said {
        said(self.command(step))
    }

    /// The same, while servers run on this thread's runtime.
    pub async fn run_beside(&self, step: &[&str]) -> Said {
        let command = self.command(step);
        tokio::task::spawn_blocking(move || said(command)).await.unwrap()
    }
}

fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Said { success: output.status.success(), text }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}
