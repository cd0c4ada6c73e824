//! A PostgreSQL server of one test's own, which can be stopped hard, started again and frozen.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

/// A server on a free port of this machine; it ends with the test.
pub struct Server {
    /// Where its database is.
    pub url: String,
    folder: TempDir,
    bin: PathBuf,
    port: u16,
}

impl Server {
    /// Makes a server and starts it.
    pub async fn start() -> Self {
        let bin = programs();
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            run(Command::new("chown").args(["-R", "nobody"]).arg(folder.path())).await;
        }
        let port = free_port();
        let url = format!("postgres://tributary@127.0.0.1:{port}/postgres");
        let server = Self { url, folder, bin, port };
        let data = server.data();
        run(server
            .program("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "tributary", "-A", "trust", "-E", "UTF8"])
            .args(["--no-locale", "--no-sync"]))
        .await;
        server.begin().await;
        server
    }

    /// Starts it (again), on the same port.
    pub async fn begin(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c shared_buffers=64MB",
            self.port,
            self.folder.path().display()
        );
        let log = self.folder.path().join("log");
        run(self
            .program("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-t", "30", "-l"])
            .arg(log)
            .args(["start", "-o", &options]))
        .await;
    }

    /// Stops it as a crash would: nothing is written any more, nobody is told.
    pub async fn crash(&self) {
        run(self.program("pg_ctl").arg("-D").arg(self.data()).args(["-w", "-m", "immediate", "stop"])).await;
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]).arg(self.bin.join(name));
            command
        } else {
            Command::new(self.bin.join(name))
        };
        command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = self.program("pg_ctl");
        let command = command.as_std_mut();
        // What does not run any more cannot be stopped; the folder goes either way.
        let _ = command
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-m", "immediate", "stop"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
    }
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0)
}

/// Where PostgreSQL's programs are: on the path, or where packages put them.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let packaged =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|one| one.path().join("bin"));
    let found = std::env::split_paths(&path).chain(packaged).find(|folder| folder.join("initdb").exists());
    let found = found.expect("PostgreSQL's initdb is not here: install PostgreSQL's server");
    std::fs::canonicalize(found.join("initdb")).ok().and_then(|file| file.parent().map(Path::to_path_buf)).unwrap()
}

/// Runs a program to its end; its output goes nowhere, since a server that it starts would hold a pipe open.
async fn run(command: &mut Command) {
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let ended = tokio::time::timeout(Duration::from_mins(1), command.status()).await.expect("it hangs").unwrap();
    assert!(ended.success(), "{command:?} ended with {ended}");
}
