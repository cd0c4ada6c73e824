//! The command line: one file for each command.

mod backup;
mod demo;
mod doctor;
mod export;
mod integration;
mod key;
mod logging;
mod migrate;
mod move_to;
mod openapi;
mod parts;
mod remap;
mod serve;
mod settings;
mod signals;
mod simulate;
mod sqlite_lock;
mod user;
mod work;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};
use tributary::config::ConfigError;

/// What a bad command line or a bad setting ends with.
const USAGE: u8 = 2;

/// What was asked for cannot be done as it was asked for: one sentence, and the same end as a bad command line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

impl Usage {
    /// The same sentence as `refusal`.
    fn of(refusal: impl Display) -> Self {
        Self(refusal.to_string())
    }
}

/// Brings small businesses' Stripe data together, complete and current, over REST.
#[derive(Debug, Parser)]
#[command(name = "tributary", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API, the Link pages and the worker
    Serve(serve::Args),
    /// Work alone, beside a `serve` on the same PostgreSQL
    Work(work::Args),
    /// Bring the database's schema up to date
    Migrate(migrate::Args),
    /// Copy all data, as it is at one moment, into a new file, beside a `serve` that goes on
    Backup(backup::Args),
    /// Write lists of a connection's records into files: CSV, JSON Lines or Parquet
    Export(export::Args),
    /// Move everything from a SQLite file to an empty PostgreSQL
    Move(move_to::Args),
    /// Start a simulated Stripe, the platform and its worker, with shops that are linked already
    Demo(demo::Args),
    /// Start a simulated Stripe alone
    Simulate(simulate::Args),
    /// Set up the ways in to Stripe
    Integration(integration::Args),
    /// Make API keys and master keys
    Key(key::Args),
    /// Help users of the portal
    User(user::Args),
    /// Make the records anew from the objects that are kept, without a call to Stripe
    Remap(remap::Args),
    /// Print the API's description
    Openapi,
    /// Check the settings, the database and the way to Stripe
    Doctor(doctor::Args),
}

/// Runs the command that the command line names.
pub fn main() -> ExitCode {
    tributary::tls::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return told(&error),
    };
    let ended = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from).and_then(
        |runtime| {
            let ended = runtime.block_on(cli.command.run());
            // What still runs has had its time to drain, or is a read of the terminal.
            runtime.shutdown_background();
            ended
        },
    );
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&sentence(&error));
            let usage = error.is::<ConfigError>() || error.is::<Usage>();
            if usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

impl Command {
    async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::run(args).await,
            Self::Work(args) => work::run(args).await,
            Self::Migrate(args) => migrate::run(args).await,
            Self::Backup(args) => backup::run(args).await,
            Self::Export(args) => export::run(args).await,
            Self::Move(args) => move_to::run(args).await,
            Self::Demo(args) => demo::run(args).await,
            Self::Simulate(args) => simulate::run(args).await,
            Self::Integration(args) => integration::run(args).await,
            Self::Key(args) => key::run(args).await,
            Self::User(args) => user::run(args).await,
            Self::Remap(args) => remap::run(args).await,
            Self::Openapi => openapi::run(),
            Self::Doctor(args) => doctor::run(args).await,
        }
    }
}

/// Help goes out as it is; a fault of the command line becomes one sentence.
fn told(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return if print(&error.to_string()).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        complain("a command is missing: `tributary help` lists them");
        return ExitCode::from(USAGE);
    }
    let text = error.to_string();
    let sentence = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    complain(&sentence.split_whitespace().collect::<Vec<_>>().join(" "));
    ExitCode::from(USAGE)
}

/// An error with what it came from. Many an error tells its source in its own words already: that is not told twice.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, source| match () {
        () if told.is_empty() => source,
        () if told.contains(&source) => told,
        () => format!("{told}: {source}"),
    })
}

/// One sentence on standard error. When even that is closed there is nobody left to tell.
fn complain(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "tributary: {sentence}");
}

/// Writes to standard output; a reader that went away is an error, not a panic.
fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
