//! The real binary as a child process: started, asked, told to end, killed.

use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// Longer than anything here takes; what takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

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

/// A `serve` that serves.
pub struct Served {
    /// Where: `http://127.0.0.1:...`.
    pub url: String,
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
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
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = line_with(&mut log, "public_url").await;
        let url = line["public_url"].as_str().unwrap().trim_end_matches('/').to_owned();
        Self { url, child, log }
    }

    /// Sends a signal by its name: `TERM`, `INT`, `KILL`, `STOP`, `CONT`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it has ended").to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().await.unwrap().success());
    }

    /// Waits for its end; the log is read to its end meanwhile, so that it never blocks.
    pub async fn ended(mut self) -> ExitStatus {
        let drained = async { while let Ok(Some(_)) = self.log.next_line().await {} };
        let ended = async { tokio::join!(self.child.wait(), drained).0.unwrap() };
        tokio::time::timeout(PATIENCE, ended).await.expect("it does not end")
    }
}

/// The first line of a JSON log that has this field.
async fn line_with(log: &mut Lines<BufReader<ChildStderr>>, field: &str) -> Value {
    let found = async {
        let mut seen = String::new();
        while let Some(line) = log.next_line().await.unwrap() {
            match serde_json::from_str::<Value>(&line) {
                Ok(json) if json.get(field).is_some() => return json,
                _ => seen.extend([&line, "\n"]),
            }
        }
        panic!("it ended without a line with {field}:\n{seen}")
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it hangs")
}
