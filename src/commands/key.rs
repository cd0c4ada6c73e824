//! `tributary key create` and `tributary key generate-master`: each prints the key alone.

use clap::Subcommand;
use secrecy::ExposeSecret;
use tributary::vault::MasterKey;

use super::print;

/// The options of `key`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a new master key; nothing is read or stored
    GenerateMaster,
}

/// Makes a key and prints it.
///
/// # Errors
/// When standard output is closed.
#[expect(clippy::disallowed_methods, reason = "the new key is shown once, here")]
pub async fn run(args: Args) -> anyhow::Result<()> {
    let text = match args.action {
        Action::GenerateMaster => MasterKey::generate().to_text(),
    };
    print(&format!("{}\n", text.expose_secret()))?;
    Ok(())
}
