//! `watch`: what a save says, how soon, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod on_specs;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use on_specs::small_copy;

/// From the save to the report.
const SOON: Duration = Duration::from_secs(1);

/// A loaded machine may be slow to start a program.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(specs: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
            .arg("watch")
            .arg("--specs")
            .arg(specs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self { child, lines }
    }

    /// Reads on until each of the texts was said.
    fn says(&self, wanted: &[&str]) {
        let begun = Instant::now();
        let mut said = String::new();
        while !wanted.iter().all(|text| said.contains(text)) {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line = self.lines.recv_timeout(left);
            assert!(line.is_ok(), "waited for {wanted:?}, heard:\n{said}");
            said.push_str(&line.unwrap());
            said.push('\n');
        }
    }

    fn ends(&mut self) -> std::process::ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_mistake_and_its_correction_are_told_within_a_second() {
    let specs = small_copy();
    let mut watch = Watch::start(specs.path());
    watch.says(&["Watching ", "6 tools and 2 kinds are in order ("]);

    let file = specs.path().join("tools/page_parts.yaml");
    let right = fs::read_to_string(&file).unwrap();
    let mut slowest = Duration::ZERO;
    for _ in 0..3 {
        let saved = Instant::now();
        fs::write(&file, right.replacen("{{ item.name }}", "{{ item.nane }}", 1)).unwrap();
        watch.says(&["tools/page_parts.yaml changed", "did you mean `name`?", "1 error ("]);
        slowest = slowest.max(saved.elapsed());
        let saved = Instant::now();
        fs::write(&file, &right).unwrap();
        watch.says(&["tools/page_parts.yaml changed", "6 tools and 2 kinds are in order ("]);
        slowest = slowest.max(saved.elapsed());
    }
    println!("from a save to its report: at most {} ms", slowest.as_millis());
    assert!(slowest < SOON, "{slowest:?}");

    drop(watch.child.stdin.take());
    assert_eq!(watch.ends().code(), Some(0), "the end of the input ends it in good order");
}

#[test]
fn files_that_come_and_go_are_seen_and_a_missing_folder_is_waited_for() {
    let specs = small_copy();
    let watch = Watch::start(specs.path());
    watch.says(&["in order ("]);
    let (old, new) = (specs.path().join("tools/page_parts.yaml"), specs.path().join("tools/page_more.yaml"));
    let text = fs::read_to_string(&old).unwrap().replace("tool: page_parts", "tool: page_more");
    fs::write(&new, text.replace("title: ", "title: More ").replace("about: ", "about: More ")).unwrap();
    watch.says(&["tools/page_more.yaml is new", "7 tools and 2 kinds are in order ("]);
    fs::remove_file(&new).unwrap();
    watch.says(&["tools/page_more.yaml is gone", "6 tools and 2 kinds are in order ("]);
    let partial = specs.path().join("partials/foot.md");
    fs::write(&partial, "{{ nothing_like_it }}").unwrap();
    watch.says(&["partials/foot.md changed", "nothing_like_it", "error"]);

    let aside = specs.path().with_extension("aside");
    fs::rename(specs.path(), &aside).unwrap();
    watch.says(&["is gone", "error: there is no folder "]);
    fs::rename(&aside, specs.path()).unwrap();
    watch.says(&["is new", "nothing_like_it"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_at_once() {
    use std::os::unix::process::ExitStatusExt as _;
    let specs = small_copy();
    let mut watch = Watch::start(specs.path());
    watch.says(&["in order ("]);
    let sent = Instant::now();
    let pid = watch.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(watch.ends().signal(), Some(2));
    assert!(sent.elapsed() < SOON);
}

#[test]
fn a_folder_that_is_not_there_at_the_start_is_an_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_cnpg-mcp-codegen"))
        .args(["watch", "--specs", "/no/such/folder"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: there is no folder /no/such/folder"));
}
