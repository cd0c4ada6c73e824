//! `tributary openapi`: prints the API's description, as `/openapi.json` serves it.

use tributary::web;

use super::print;

/// Prints the description.
///
/// # Errors
/// When standard output is closed.
pub fn run() -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(&web::openapi())?))?;
    Ok(())
}
