//! Apache Parquet, written group by group of rows. Objects are groups of columns, lists are JSON text, amounts are
//! `DECIMAL(22, 3)`, moments are microseconds of UTC.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use chrono::DateTime;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::Encode;
use super::columns::{Column, Kind, Row};
use base::money::Milli;

/// Bytes of JSON whose rows make a group, and so about what a file takes of memory.
const GROUP_BYTES: usize = 4 << 20;
/// Rows that a group has at most.
const GROUP_ROWS: usize = 50_000;
/// Digits of a decimal: all that thousandths in 64 bits can have.
const PRECISION: i32 = 22;
/// Digits behind its point: no currency has more.
const SCALE: i32 = 3;
/// Bytes of a decimal.
const WIDTH: usize = 16;

pub(super) struct Parquet {
    columns: Vec<Column>,
    gathered: Vec<Gathered>,
    rows: usize,
    bytes: usize,
    out: SerializedFileWriter<Vec<u8>>,
}

/// The values of a column that are not written yet.
#[derive(Default)]
struct Gathered {
    /// For each row, how far its value is there.
    levels: Vec<i16>,
    texts: Vec<ByteArray>,
    decimals: Vec<FixedLenByteArray>,
    wholes: Vec<i64>,
    flags: Vec<bool>,
}

impl Parquet {
    /// A file that has its beginning.
    pub(super) fn new(columns: Vec<Column>) -> anyhow::Result<Self> {
        let schema = Type::group_type_builder("record").with_fields(fields(&columns, 0)?).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("tributary {}", env!("CARGO_PKG_VERSION")))
            .build();
        let out = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
        let gathered = columns.iter().map(|_| Gathered::default()).collect();
        Ok(Self { columns, gathered, rows: 0, bytes: 0, out })
    }

    fn write_group(&mut self) -> anyhow::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.out.next_row_group()?;
        for (column, gathered) in self.columns.iter().zip(&mut self.gathered) {
            let mut writer = group.next_column()?.context("the file has fewer columns than the list")?;
            std::mem::take(gathered).write(column.kind, &mut writer)?;
            writer.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Encode for Parquet {
    fn row(&mut self, json: &str) -> anyhow::Result<()> {
        let row = Row::of(json)?;
        for (column, gathered) in self.columns.iter().zip(&mut self.gathered) {
            let (level, value) = column.read(&row)?;
            gathered.levels.push(level);
            if let Some(value) = value {
                let name = || format!("{} of a record is {}", column.name(), value.get());
                gathered.take(column.kind, value.get()).with_context(name)?;
            }
        }
        self.rows += 1;
        self.bytes += json.len();
        Ok(())
    }

    fn ready(&mut self) -> anyhow::Result<Vec<u8>> {
        if self.bytes >= GROUP_BYTES || self.rows >= GROUP_ROWS {
            self.write_group()?;
        }
        self.out.flush()?;
        Ok(std::mem::take(self.out.inner_mut()))
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<Vec<u8>> {
        self.write_group()?;
        self.out.finish()?;
        Ok(std::mem::take(self.out.inner_mut()))
    }
}

impl Gathered {
    fn take(&mut self, kind: Kind, json: &str) -> anyhow::Result<()> {
        match kind {
            Kind::Text | Kind::Json if json.starts_with('"') => {
                self.texts.push(serde_json::from_str::<String>(json)?.into_bytes().into());
            }
            Kind::Text | Kind::Json => self.texts.push(json.as_bytes().to_vec().into()),
            Kind::Whole => self.wholes.push(json.parse()?),
            Kind::Flag => self.flags.push(json.parse()?),
            Kind::Time => {
                let moment = DateTime::parse_from_rfc3339(serde_json::from_str(json)?)?;
                self.wholes.push(moment.timestamp_micros());
            }
            Kind::Number => {
                let milli = Milli::parse(json).filter(|milli| milli.exact);
                let milli = milli.ok_or_else(|| anyhow!("no decimal of {SCALE} digits behind the point"))?;
                self.decimals.push(i128::from(milli.floor).to_be_bytes().to_vec().into());
            }
        }
        Ok(())
    }

    fn write(self, kind: Kind, writer: &mut SerializedColumnWriter<'_>) -> anyhow::Result<()> {
        let levels = Some(self.levels.as_slice());
        match kind {
            Kind::Text | Kind::Json => writer.typed::<ByteArrayType>().write_batch(&self.texts, levels, None)?,
            Kind::Whole | Kind::Time => writer.typed::<Int64Type>().write_batch(&self.wholes, levels, None)?,
            Kind::Flag => writer.typed::<BoolType>().write_batch(&self.flags, levels, None)?,
            Kind::Number => writer.typed::<FixedLenByteArrayType>().write_batch(&self.decimals, levels, None)?,
        };
        Ok(())
    }
}

/// The fields of the columns that share their first `depth` names; those that share one more are a group.
fn fields(columns: &[Column], depth: usize) -> anyhow::Result<Vec<TypePtr>> {
    let same = |one: &Column, other: &Column| one.path.get(depth) == other.path.get(depth);
    let field = |columns: &[Column]| {
        let first = columns.first().context("a group without columns")?;
        let name = first.path.get(depth).context("a column without a name")?;
        let built = if first.path.len() == depth + 1 {
            leaf(name, first.kind)?
        } else {
            let group = Type::group_type_builder(name).with_repetition(Repetition::OPTIONAL);
            group.with_fields(fields(columns, depth + 1)?).build()?
        };
        Ok(Arc::new(built))
    };
    columns.chunk_by(same).map(field).collect()
}

fn leaf(name: &str, kind: Kind) -> anyhow::Result<Type> {
    let (physical, logical) = match kind {
        Kind::Text | Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Number => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::decimal(SCALE, PRECISION))),
        Kind::Whole => (Physical::INT64, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    let field = field.with_logical_type(logical);
    Ok(if kind == Kind::Number {
        field.with_length(i32::try_from(WIDTH)?).with_precision(PRECISION).with_scale(SCALE).build()?
    } else {
        field.build()?
    })
}
