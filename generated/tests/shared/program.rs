//! A server as a process, with all that it says.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A server that ends with this value.
pub struct Program {
    child: Child,
    /// Where it listens, as `127.0.0.1:PORT`; empty where it did not say.
    pub listening: String,
    output: PathBuf,
}

/// A command of a server, in an environment that configures none.
pub fn command(binary: &str) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CNPG_MCP_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    /// Starts one and waits until it says where it listens.
    pub fn start(command: Command, output: &Path) -> Self {
        let before = said_in(output).len();
        let mut program = Self::spawn(command, output);
        let begun = Instant::now();
        loop {
            let said = program.said()[before..].to_owned();
            if let Some(listening) = listening(&said) {
                program.listening = listening;
                return program;
            }
            assert!(program.child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(30), "{said}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts one. What it says on both its outputs goes to the end of a file, for its whole life.
    pub fn spawn(mut command: Command, output: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(output).unwrap();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Self { child, listening: String::new(), output: output.to_owned() }
    }

    /// Everything that it has said, and those that wrote to the same file before.
    pub fn said(&self) -> String {
        said_in(&self.output)
    }

    /// Its audit lines (of the JSON format).
    pub fn audit(&self) -> Vec<Value> {
        audit_of(&self.said())
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The audit lines of what was said.
pub fn audit_of(said: &str) -> Vec<Value> {
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["target"] == "audit").collect()
}

fn said_in(output: &Path) -> String {
    std::fs::read_to_string(output).unwrap_or_default()
}

/// The address in the line that says that it serves, in either format.
fn listening(said: &str) -> Option<String> {
    let whole = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let line = whole.into_iter().find(|line| line.contains("listening") && line.contains("serving MCP"))?;
    let rest = line.split("listening").nth(1)?.trim_start_matches(['"', ':', '=']);
    let end = rest.find(['"', ' ', '\n']).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}
