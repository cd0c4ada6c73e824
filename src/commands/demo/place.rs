//! The demo's folder: its own master key, what its simulated Stripe was made from, and `demo.json` for scripts.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tributary::vault::MasterKey;

use super::super::Usage;

/// What must stay the same so that a demo that is started again finds its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The seed of the simulated Stripe.
    pub seed: u64,
    /// The charges of its largest shop.
    pub charges: u64,
    /// The Unix second that its data ends at.
    pub now: i64,
    /// The API key of the demo, once there is one.
    pub api_key: Option<String>,
    /// The password of the portal's user, once there is one.
    #[serde(default)]
    pub password: Option<String>,
}

/// The demo's folder.
#[derive(Debug)]
pub struct Place(PathBuf);

impl Place {
    /// Makes the folder, for its owner alone, with a master key in it; or opens it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot use the folder {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        let place = Self(folder.canonicalize().with_context(cannot)?);
        restrict(&place.0, 0o700).with_context(cannot)?;
        if !place.master_key().exists() {
            place.write("master.key", &master_key()).with_context(cannot)?;
        }
        // Whoever waits for this file must not find the one of the last run.
        match fs::remove_file(place.ready()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).with_context(cannot),
            _ => Ok(place),
        }
    }

    /// The master key's file.
    #[must_use]
    pub fn master_key(&self) -> PathBuf {
        self.0.join("master.key")
    }

    /// What has happened at the simulated Stripe.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join("stripe.jsonl")
    }

    /// The URL of the demo's database.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("sqlite://{}", self.0.join("tributary.db").display())
    }

    /// The file that says that the demo is ready.
    #[must_use]
    pub fn ready(&self) -> PathBuf {
        self.0.join("demo.json")
    }

    /// What the last run was made from, or what this first one is made from. `seed` and `charges` are what the command
    /// line asks for; `now` is the present.
    ///
    /// # Errors
    /// When the folder holds a demo of another seed or size.
    pub fn state(&self, seed: Option<u64>, charges: Option<u64>, now: i64) -> anyhow::Result<State> {
        let path = self.0.join("state.json");
        if !path.exists() {
            let defaults = simulator::http::Options::default();
            let (seed, charges) = (seed.unwrap_or(defaults.seed), charges.unwrap_or(defaults.charges));
            let state = State { seed, charges, now, api_key: None, password: None };
            self.keep(&state)?;
            return Ok(state);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let state: State = serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
        if seed.is_some_and(|seed| seed != state.seed) || charges.is_some_and(|charges| charges != state.charges) {
            bail!(Usage(format!(
                "{} holds a demo with --seed {} --charges {}: leave these options out to go on with it, or name another \
                 --data-dir",
                self.0.display(),
                state.seed,
                state.charges
            )));
        }
        Ok(state)
    }

    /// Keeps the state for the next run.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn keep(&self, state: &State) -> anyhow::Result<()> {
        self.write("state.json", &serde_json::to_string_pretty(state)?)
    }

    /// Writes `demo.json`.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn announce(&self, demo: &serde_json::Value) -> anyhow::Result<()> {
        self.write("demo.json", &serde_json::to_string_pretty(demo)?)
    }

    /// Writes a file that only its owner may read; it is there whole or not at all.
    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let draft = self.0.join(format!("{name}.draft"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        fs::rename(draft, self.0.join(name))?;
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the demo keeps its own master key in its folder")]
fn master_key() -> String {
    MasterKey::generate().to_text().expose_secret().to_owned()
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn restrict(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}
