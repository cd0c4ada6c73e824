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

/// What it writes to standard error.
const LOG: &str = "log";

struct Demo {
    child: Child,
    said: String,
    json: Value,
}

async fn start(folder: &Path) -> Demo {
    let folder = folder.to_str().unwrap();
    let mut command = tributary(&["demo", "--listen", "127.0.0.1:0", "--data-dir", folder, "--charges", "300"]);
    let log = std::fs::File::create(Path::new(folder).join(LOG)).unwrap();
    let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
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

    /// Asks its API.
    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.json["api_url"].as_str().unwrap());
        let key = self.json["api_key"].as_str().unwrap();
        crate::house::http().get(url).basic_auth(key, None::<&str>).send().await.unwrap().json().await.unwrap()
    }

    /// Makes a customer at its Stripe, and waits until the platform has it.
    async fn hears_of_a_customer(&self) {
        let company = &self.json["companies"][0];
        let (id, connection) = (company["id"].as_str().unwrap(), company["connection_id"].as_str().unwrap());
        let list = format!("/companies/{id}/connections/{connection}/data/commerce-customers?pageSize=1");
        let before = self.get(&list).await["totalResults"].as_u64().unwrap();
        let stripe = self.json["simulator_url"].as_str().unwrap();
        let http = crate::house::http();
        let accounts: Value =
            http.get(format!("{stripe}/_simulator/accounts")).send().await.unwrap().json().await.unwrap();
        let accounts = accounts["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|one| one["name"] == company["name"]).unwrap()["id"].as_str().unwrap();
        let act = format!("{stripe}/_simulator/accounts/{account}/actions");
        http.post(act).body(r#"{"do":"create_customer"}"#).send().await.unwrap().error_for_status().unwrap();
        let heard = async {
            while self.get(&list).await["totalResults"].as_u64().unwrap() == before {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("the webhook does not arrive");
        let webhook = self.get("/integrations/yzth").await["settings"]["webhook"].clone();
        assert!(webhook["lastReceivedAt"].is_string(), "{webhook}");
        assert_eq!(webhook["today"]["refused"], serde_json::json!({}), "{webhook}");
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
    // The next sync of the schedule is an hour away: what is new comes by webhook.
    demo.hears_of_a_customer().await;
    demo.end().await;
    let log = std::fs::read_to_string(folder.path().join(LOG)).unwrap();
    assert_eq!(log, "", "what it said to its reader was carried away");

    let again = start(folder.path()).await;
    assert_eq!(again.json["api_key"], key);
    for (before, after) in companies.iter().zip(again.json["companies"].as_array().unwrap()) {
        for field in ["id", "name", "connection_id", "status"] {
            assert_eq!(before[field], after[field]);
        }
    }
    assert_eq!(again.curl().await["totalResults"], payments["totalResults"]);
    again.hears_of_a_customer().await;
    again.end().await;

    let other = tributary(&["demo", "--data-dir", folder.path().to_str().unwrap(), "--seed", "8"]).output().await;
    let other = other.unwrap();
    let sentence = String::from_utf8(other.stderr).unwrap();
    assert!(other.status.code() == Some(2) && sentence.contains("--seed 7"), "{sentence}");
}

#[cfg(unix)]
fn only_mine(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).unwrap().permissions().mode().trailing_zeros() >= 6
}
