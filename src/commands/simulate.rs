//! `tributary simulate`: a Stripe in a box, alone.

pub use simulator::http::Args;
use simulator::http::Options;

use super::{Usage, signals};

/// Serves until it is told to end.
///
/// # Errors
/// When an option is not allowed or the address cannot be listened on.
pub async fn run(args: Args) -> anyhow::Result<()> {
    Options::from(args.clone()).check().map_err(Usage::of)?;
    let shutdown = signals::shutdown()?;
    simulator::http::run(args, shutdown.cancelled_owned()).await
}
