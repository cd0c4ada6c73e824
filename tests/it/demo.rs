//! `tributary demo` from outside: ready, its printed line works, told to end, started again with the same data.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::process::tributary;

/// Longer than a demo of this size takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);

struct Demo {
    child: Child,
    said: String,
    json: Value,
}

async fn start(folder: &Path) -> Demo {
    let folder = folder.to_str().unwrap();
    let mut command = tributary(&["demo", "--listen", "127.0.0.1:0", "--data-dir", folder, "--charges", "300"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    let out = child.stdout.as_mut().unwrap();
    let told = async {
        let mut bytes = [0; 4096];
        while !said.contains("Ctrl-C") {
            let read = out.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the demo ended: {said}");
            said += std::str::from_utf8(&bytes[..read]).unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("the demo is not ready");
    let json = std::fs::read_to_string(Path::new(folder).join("demo.json")).unwrap();
    Demo { child, said, json: serde_json::from_str(&json).unwrap() }
}

impl Demo {
    /// Runs the `curl` line as it was printed.
    async fn curl(&self) -> Value {
        let line = self.said.lines().find(|line| line.trim_start().starts_with("curl ")).unwrap();
        let output = Command::new("sh").arg("-c").arg(line).output().await.unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{line}: {output:?}"))
    }

    async fn end(mut self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it does not end").unwrap();
        assert_eq!(ended.code(), Some(0));
    }
}

#[tokio::test]
async fn the_demo_is_ready_as_it_says_and_goes_on_with_the_same_data() {
    let folder = tempfile::tempdir().unwrap();
    let demo = start(folder.path()).await;
    let companies = demo.json["companies"].as_array().unwrap().clone();
    let statuses: Vec<&str> = companies.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["Linked", "Linked", "PendingAuth"]);
    let payments = demo.curl().await;
    assert_eq!(payments["results"].as_array().unwrap().len(), 2, "{payments}");
    assert!(payments["totalResults"].as_u64().unwrap() >= 300);
    for field in ["api_url", "portal_url", "simulator_url", "api_key"] {
        assert!(demo.json[field].is_string(), "{field}");
    }
    assert_eq!(demo.json["login"]["email"], "admin@example.com");
    assert!(demo.json["login"]["password"].as_str().is_some_and(|password| password.len() >= 12));
    for secret in ["demo.json", "state.json", "master.key"] {
        assert!(only_mine(&folder.path().join(secret)), "{secret} can be read by others");
    }
    let key = demo.json["api_key"].clone();
    demo.end().await;

    let again = start(folder.path()).await;
    assert_eq!(again.json["api_key"], key);
    for (before, after) in companies.iter().zip(again.json["companies"].as_array().unwrap()) {
        for field in ["id", "name", "connection_id", "status"] {
            assert_eq!(before[field], after[field]);
        }
    }
    assert_eq!(again.curl().await["totalResults"], payments["totalResults"]);
    again.end().await;

    let other = tributary(&["demo", "--data-dir", folder.path().to_str().unwrap(), "--seed", "8"]).output().await;
    let other = other.unwrap();
    let sentence = String::from_utf8(other.stderr).unwrap();
    assert!(!other.status.success() && sentence.contains("--seed 7"), "{sentence}");
}

#[cfg(unix)]
fn only_mine(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).unwrap().permissions().mode().trailing_zeros() >= 6
}
