//! `tributary export`: lists of a connection's records as files, all of one moment, beside a `serve` that goes on.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use entity::connection;
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use futures::StreamExt;
use tributary::store::{self, Db, database};
use tributary::web;
use tributary::web::error::Error;
use tributary::web::export::{Format, Moment, Pieces, Tables, Wanted, data_types};

use super::settings::Settings;
use super::{Usage, parts, print};

/// What all data types' names begin with.
const COMMERCE: &str = "commerce-";

/// The options of `export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The company
    #[arg(long, value_name = "ID")]
    company: String,
    /// One of its connections
    #[arg(long, value_name = "ID")]
    connection: String,
    /// One list, such as `payments`; without it all of them, each in a file of its own
    #[arg(long = "type", value_name = "TYPE", value_parser = data_type())]
    data_type: Option<DataType>,
    /// The form of the files
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    format: Format,
    /// The file to make, or `-` for standard output; without `--type` the folder to make. It must not be there yet
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Only what this query matches, in the API's own words: `amount>10&&currency=EUR`
    #[arg(long, value_name = "QUERY", requires = "data_type")]
    query: Option<String>,
    /// One property, with a `-` before it for the greatest first
    #[arg(long, value_name = "PROPERTY", requires = "data_type", allow_hyphen_values = true)]
    order_by: Option<String>,
    /// Only these properties, with commas between
    #[arg(long, value_name = "PROPERTIES", requires = "data_type")]
    fields: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

fn short(data_type: DataType) -> &'static str {
    data_type.as_str().trim_start_matches(COMMERCE)
}

fn data_type() -> impl TypedValueParser<Value = DataType> {
    PossibleValuesParser::new(data_types().map(short)).try_map(|name| {
        data_types().find(|one| short(*one) == name).ok_or_else(|| Usage(format!("there is no data type {name}")))
    })
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str))
        .try_map(|name| Format::parse(&name).ok_or_else(|| Usage(format!("there is no format {name}"))))
}

/// Writes the file or the folder. What is not whole does not get its name.
///
/// # Errors
/// When a path is taken or cannot be written, there is no such connection, a list was never read or cannot be asked for so,
/// or the database is not there or does not answer.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([])?;
    let to_stdout = args.out == Path::new("-");
    if to_stdout && args.data_type.is_none() {
        bail!(Usage("standard output takes one list: say which by --type, or name a folder by --out".to_owned()));
    }
    if !to_stdout && args.out.exists() {
        bail!(Usage(format!("{} is there already: an export never overwrites; name a new one", args.out.display())));
    }
    if !to_stdout {
        parts::folder_of(&args.out)?;
    }
    parts::must_be_there(&config.database_url, "nothing to export")?;
    let db = parts::open(&config.database_url).await?;
    database::check(&db).await?;
    let connection = connection(&db, &args).await?;
    let tables = Tables::of(&web::openapi());
    let at = Moment::of(&db).await?;
    let wanted = Wanted { query: args.query.clone(), order_by: args.order_by.clone(), fields: args.fields.clone() };
    let asked = Asked { tables, at, connection, wanted, format: args.format };
    let Some(data_type) = args.data_type else { return folder(&asked, &args.out).await };
    let pieces = asked.file(data_type).await.map_err(refused)?;
    if to_stdout { to_standard_output(pieces).await } else { to_file(pieces, &args.out).await.map(drop) }
}

/// Files of one moment.
struct Asked {
    tables: Tables,
    at: Moment,
    connection: connection::Model,
    wanted: Wanted,
    format: Format,
}

impl Asked {
    async fn file(&self, data_type: DataType) -> Result<Pieces, Error> {
        self.tables.file(&self.at, &self.connection, data_type, &self.wanted, self.format).await
    }
}

/// Makes a folder with a file for each list, and says what is in it. A list that was never read has none.
async fn folder(asked: &Asked, path: &Path) -> anyhow::Result<()> {
    let mut told = String::new();
    let folder = partial(path, |builder, folder| builder.tempdir_in(folder))?;
    for data_type in data_types() {
        let short = short(data_type);
        match asked.file(data_type).await {
            Ok(pieces) => {
                let name = format!("{short}.{}", asked.format.as_str());
                let bytes = to_file(pieces, &folder.path().join(&name)).await?;
                writeln!(told, "{name}: {bytes} bytes")?;
            }
            Err(Error::Conflict(said) | Error::NotFound(said)) => writeln!(told, "{short}: no file. {said}")?,
            Err(error) => return Err(refused(error)),
        }
    }
    fs::rename(folder.keep(), path).with_context(|| format!("cannot make {}", path.display()))?;
    print(&told)?;
    Ok(())
}

async fn connection(db: &Db, args: &Args) -> anyhow::Result<connection::Model> {
    let company = args.company.parse::<CompanyId>();
    let company = company.map_err(|_| Usage(format!("{} is no company's id", args.company)))?;
    let id = args.connection.parse::<ConnectionId>();
    let id = id.map_err(|_| Usage(format!("{} is no connection's id", args.connection)))?;
    let found = match store::companies::find(db, company).await? {
        Some(company) => store::connections::owned(db, company.id, id).await?,
        None => None,
    };
    Ok(found.ok_or_else(|| Usage(format!("company {company} has no connection {id}")))?)
}

/// What cannot be asked for so is a fault of the command line.
fn refused(error: Error) -> anyhow::Error {
    match error {
        Error::Query(refused) => Usage(format!("{refused} ({})", refused.reason())).into(),
        Error::BadRequest(said) => Usage(said).into(),
        error => error.into(),
    }
}

async fn to_standard_output(mut pieces: Pieces) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    while let Some(piece) = pieces.next().await {
        out.write_all(&piece?)?;
    }
    Ok(out.flush()?)
}

/// Writes a file and gives it its name when it is whole. Returns its bytes.
async fn to_file(mut pieces: Pieces, path: &Path) -> anyhow::Result<u64> {
    let mut file = partial(path, |builder, folder| builder.tempfile_in(folder))?;
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    file.as_file().sync_all()?;
    let bytes = file.as_file().metadata()?.len();
    match file.persist_noclobber(path) {
        Ok(_) => Ok(bytes),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            bail!(Usage(format!("{} is there already: an export never overwrites; name a new one", path.display())))
        }
        Err(error) => Err(error.error).with_context(|| format!("cannot make {}", path.display())),
    }
}

/// Something beside `path`, for its owner only, that is gone unless it gets its name.
fn partial<T>(
    path: &Path,
    make: impl FnOnce(&tempfile::Builder<'_, '_>, &Path) -> std::io::Result<T>,
) -> anyhow::Result<T> {
    let folder = parts::folder_of(path)?;
    let mut builder = tempfile::Builder::new();
    make(builder.prefix(".tributary-export-").suffix(".partial"), folder)
        .map_err(|error| anyhow!("cannot write into {}: {}", folder.display(), error.kind()))
}
