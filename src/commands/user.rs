//! `tributary user reset-password`: a way back in for who is locked out.

use clap::Subcommand;
use secrecy::ExposeSecret;
use tributary::connect::users;

use super::settings::Settings;
use super::{Usage, parts, print};

/// The options of `user`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Give a user of the portal a new password, print it, and sign them out everywhere
    ResetPassword(ResetPassword),
}

#[derive(Debug, clap::Args)]
struct ResetPassword {
    /// The email that the user signs in with
    #[arg(long)]
    email: String,
    #[command(flatten)]
    settings: Settings,
}

/// Resets the password and prints the new one.
///
/// # Errors
/// When a setting is not usable, there is no such database or user, or standard output is closed.
#[expect(clippy::disallowed_methods, reason = "the new password is shown once, here")]
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Action::ResetPassword(asked) = args.action;
    let config = asked.settings.load([])?;
    parts::must_be_there(&config.database_url, "nobody signs in to it")?;
    let parts::Ground { db, clock, .. } = parts::ground(&config).await?;
    let password = users::reset_password(&db, clock.as_ref(), &asked.email).await.map_err(|error| match error {
        users::Error::None(_) => anyhow::Error::from(Usage::of(error)),
        error => error.into(),
    })?;
    print(&format!("{}\n", password.expose_secret()))?;
    Ok(())
}
