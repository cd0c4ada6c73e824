//! JSON Lines: each line is one result, as the list answers it.

use std::collections::BTreeSet;

use super::Encode;
use super::columns::{Column, Row};

pub(super) struct Jsonl {
    wanted: BTreeSet<String>,
    out: Vec<u8>,
}

impl Jsonl {
    /// A file of these columns.
    pub(super) fn new(columns: &[Column]) -> Self {
        Self { wanted: columns.iter().filter_map(|column| column.path.first().cloned()).collect(), out: Vec::new() }
    }
}

impl Encode for Jsonl {
    fn row(&mut self, json: &str) -> anyhow::Result<()> {
        let mut row = Row::of(json)?;
        if row.0.keys().all(|name| self.wanted.contains(*name)) {
            self.out.extend_from_slice(json.as_bytes());
        } else {
            row.0.retain(|name, _| self.wanted.contains(*name));
            serde_json::to_writer(&mut self.out, &row.0)?;
        }
        self.out.push(b'\n');
        Ok(())
    }

    fn ready(&mut self) -> anyhow::Result<Vec<u8>> {
        Ok(std::mem::take(&mut self.out))
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<Vec<u8>> {
        self.ready()
    }
}
