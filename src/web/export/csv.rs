//! CSV as RFC 4180 has it: commas, quotes only where they are needed, lines that end with CR LF, a header, UTF-8. What is
//! absent is empty. Values stay as they are: one that begins with `=` is data, and a spreadsheet may take it for a formula.

use csv::{Terminator, Writer, WriterBuilder};

use super::Encode;
use super::columns::{Column, Kind, Row};

pub(super) struct Csv {
    columns: Vec<Column>,
    out: Writer<Vec<u8>>,
}

impl Csv {
    /// A file that has its header.
    pub(super) fn new(columns: Vec<Column>) -> anyhow::Result<Self> {
        let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        out.write_record(columns.iter().map(Column::name))?;
        Ok(Self { columns, out })
    }
}

impl Encode for Csv {
    fn row(&mut self, json: &str) -> anyhow::Result<()> {
        let row = Row::of(json)?;
        for column in &self.columns {
            let (_, value) = column.read(&row)?;
            let value = value.map(serde_json::value::RawValue::get).unwrap_or_default();
            match column.kind {
                Kind::Text | Kind::Time | Kind::Json if value.starts_with('"') => {
                    self.out.write_field(serde_json::from_str::<String>(value)?)?;
                }
                _ => self.out.write_field(value)?,
            }
        }
        self.out.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn ready(&mut self) -> anyhow::Result<Vec<u8>> {
        self.out.flush()?;
        // The writer owns its buffer; a new writer goes on where it was, since a file is nothing but its lines.
        let next = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        Ok(std::mem::replace(&mut self.out, next).into_inner().map_err(csv::IntoInnerError::into_error)?)
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<Vec<u8>> {
        self.ready()
    }
}
