//! What has happened, written down: with the same seed and present, a simulator that starts again on its journal is
//! where it was.
//!
//! One JSON object a line. The first line says what the world was made from, each other one what happened where and
//! when. An action is written after it has happened and before anybody is told of it.

use crate::world::{Action, Options, World};
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

/// What the world of a journal was made from.
#[derive(Debug, Deserialize, Serialize, PartialEq, Eq)]
struct Head {
    seed: u64,
    charges: u64,
    accounts: usize,
    now: i64,
}

/// What happened once.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    at: i64,
    account: String,
    action: Action,
}

/// The open file, or nothing when no journal is kept.
#[derive(Debug, Default)]
pub struct Journal(Option<File>);

impl Journal {
    /// Opens the file at `path`, makes in it what has not been, and lets `world` be where it was. `made_from` is what the
    /// world will be made from; its `now` gives way to the journal's unless `fixed`.
    ///
    /// # Errors
    /// When the file is of another world or cannot be read or written.
    pub fn open(path: &Path, mut made_from: Options, fixed: bool) -> anyhow::Result<(Self, World)> {
        let name = || format!("the journal {}", path.display());
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).with_context(name)?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(name)?;
        // A line that was not written to its end did not happen.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).with_context(name)?;
        let mut lines = text[..whole].lines();
        if let Some(first) = lines.next() {
            let head: Head = serde_json::from_str(first).with_context(name)?;
            if !fixed {
                made_from.now = head.now;
            }
            ensure!(head == Head::of(&made_from), "{} is of another world: {first}", name());
        } else {
            write(&mut file, &Head::of(&made_from)).with_context(name)?;
        }
        let world = World::new(&made_from);
        for (number, line) in lines.enumerate() {
            let place = || format!("{}, line {}", name(), number + 2);
            let Line { at, account, action } = serde_json::from_str(line).with_context(place)?;
            if let Err(why) = world.act(&account, action, at) {
                bail!("{}: {why}", place());
            }
        }
        Ok((Self(Some(file)), world))
    }

    /// Writes down what has happened.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn note(&mut self, at: i64, account: &str, action: Action) -> std::io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        write(file, &Line { at, account: account.to_owned(), action })
    }
}

impl Head {
    fn of(options: &Options) -> Self {
        Self { seed: options.seed, charges: options.charges, accounts: options.accounts, now: options.now }
    }
}

fn write(file: &mut File, line: &impl Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}
