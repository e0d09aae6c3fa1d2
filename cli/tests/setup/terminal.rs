//! A terminal with a step in it, as a person sees and uses it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// Longest time until something is shown.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Terminal {
    keys: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    read: usize,
    child: Child,
}

impl Terminal {
    /// Starts a command whose input, output and controlling terminal this is (`setsid` of util-linux makes it that).
    pub fn start(command: &Command) -> Self {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&user).unwrap();
        unlockpt(&user).unwrap();
        let name = ptsname(&user, Vec::new()).unwrap().into_string().unwrap();
        let side = || OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let mut within = Command::new("setsid");
        within.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
        within.env_clear().current_dir(command.get_current_dir().unwrap());
        within.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = within.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        // Its copies of the other side end here: the last one to end is the command's.
        drop(within);
        let keys = File::from(user);
        let (sender, screen) = channel();
        let mut output = keys.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut part = [0; 4096];
            // Reading fails once nobody has the other side open.
            while let Ok(count) = output.read(&mut part) {
                if count == 0 || sender.send(part[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { keys, screen, shown: String::new(), read: 0, child }
    }

    /// Waits until a text is shown, behind the last one that was waited for.
    #[track_caller]
    pub fn sees(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.shown[self.read..].find(text) {
                self.read += place + text.len();
                return;
            }
            match self.screen.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(part) => self.shown.push_str(&String::from_utf8_lossy(&part)),
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                    panic!("`{text}` is not shown:\n{}", self.shown)
                }
            }
        }
    }

    /// Waits until what is typed is no longer shown. Who types before that sees it: the question stands there first.
    #[track_caller]
    #[allow(dead_code, reason = "not every suite types what is hidden")]
    pub fn hides(&self) {
        let end = Instant::now() + PATIENCE;
        while tcgetattr(&self.keys).unwrap().local_modes.contains(LocalModes::ECHO) {
            assert!(Instant::now() < end, "what is typed is shown:\n{}", self.shown);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Presses keys.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the step has ended: whether it succeeded, and everything that was shown.
    pub fn end(mut self) -> (bool, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.screen.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(part) => self.shown.push_str(&String::from_utf8_lossy(&part)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on:\n{}", self.shown),
            }
        }
        (self.child.wait().unwrap().success(), std::mem::take(&mut self.shown))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
