//! The real binary as a child process: started, asked, told to end, killed.

use std::io::{BufRead, BufReader};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};

/// Longer than anything here takes; what takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(3);

/// The binary with these arguments and without any setting of the surroundings.
pub fn tributary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRIBUTARY_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end.
pub async fn output(command: &mut Command) -> Output {
    tokio::time::timeout(PATIENCE, command.output()).await.expect("it hangs").unwrap()
}

/// What it wrote to standard output, without the end of the line; it must have succeeded.
pub async fn answer(command: &mut Command) -> String {
    let output = output(command).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The one line that it wrote to standard error, and its exit code; it must have failed.
pub async fn refusal(command: &mut Command) -> (String, i32) {
    let output = output(command).await;
    assert!(!output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("tributary: ")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    (lines[0].to_owned(), output.status.code().unwrap())
}

/// A `serve` that serves, or a `work` that works.
pub struct Served {
    /// Where it serves: `http://127.0.0.1:...`; empty for a `work`.
    pub url: String,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Served {
    /// Starts `serve` on a free port and waits until it says that it serves.
    pub async fn start(database_url: &str, master_key: &str) -> Self {
        let mut command = tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", database_url]);
        command.env("TRIBUTARY_MASTER_KEY", master_key).env("TRIBUTARY_WORKER_POLL_MILLISECONDS", "50");
        Self::of(&mut command).await
    }

    /// Starts this command, a `serve`, and waits until it says that it serves.
    pub async fn of(command: &mut Command) -> Self {
        let mut served = Self::spawn(command);
        let line = served.says("public_url").await;
        let line: Value = serde_json::from_str(&line).unwrap();
        line["public_url"].as_str().unwrap().trim_end_matches('/').clone_into(&mut served.url);
        served
    }

    /// Starts this command, a `work`, and waits until it says that it works.
    pub async fn working(command: &mut Command) -> Self {
        let served = Self::spawn(command);
        served.says("\"working\"").await;
        served
    }

    /// Starts this command. Its log is read as it comes, by a thread of its own, so that it never waits for a reader,
    /// whatever the test does meanwhile.
    pub fn spawn(command: &mut Command) -> Self {
        let (log, writer) = std::io::pipe().unwrap();
        let child = command.stderr(writer).stdout(Stdio::null()).spawn().unwrap();
        // Otherwise the command itself would hold the pipe open.
        command.stderr(Stdio::null());
        let kept: Arc<Mutex<Vec<String>>> = Arc::default();
        let keep = Arc::clone(&kept);
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                keep.lock().unwrap().push(line);
            }
        });
        Self { url: String::new(), child, log: kept }
    }

    /// The last lines of its log, for whoever has to find out why it failed.
    fn last_words(&self) -> String {
        let log = self.log.lock().unwrap();
        log[log.len().saturating_sub(40)..].join("\n")
    }

    /// The lines of its log so far that hold this text.
    pub fn said(&self, text: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).cloned().collect()
    }

    /// Waits for a line of its log that holds this text.
    pub async fn says(&self, text: &str) -> String {
        let began = Instant::now();
        loop {
            if let Some(line) = self.said(text).into_iter().next() {
                return line;
            }
            assert!(began.elapsed() < PATIENCE, "it does not say {text}; its last words:\n{}", self.last_words());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The most memory that it ever had, in MiB.
    pub fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// Sends a signal by its name: `TERM`, `INT`, `KILL`, `STOP`, `CONT`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it has ended").to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().await.unwrap().success());
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|late| panic!("it does not end: {late}; its last words:\n{}", self.last_words())).unwrap()
    }
}
