//! Objects that were set aside are mapped again from their kept body, when somebody asks: without a call to Stripe.

use entity::quarantined;

use super::error::Error;
use super::local::Local;
use super::prepare::Prepared;
use base::boxed;

/// Objects of one transaction.
const BATCH: u64 = 50;

/// Maps everything again that was asked for. What maps now is stored and leaves the quarantine; what does not stays,
/// with the new reason and one more attempt. What is gone at Stripe leaves it, and does not come back.
///
/// # Errors
/// When the database does not answer, or another run has taken the connection.
#[boxed]
pub async fn all(local: &Local) -> Result<(), Error> {
    loop {
        let asked = store::quarantine::asked(&local.db, local.connection, BATCH).await?;
        if asked.is_empty() {
            return Ok(());
        }
        let (mut prepared, mut gone) = (Prepared::default(), Vec::new());
        for row in &asked {
            if store::source_objects::is_gone(&local.db, local.connection, &row.object, &row.id).await? {
                gone.push((row.object.clone(), row.id.clone()));
            } else if let Some(raw) = body(local, row).await? {
                prepared.add(local.connection, &raw, None);
            } else {
                tracing::error!(stripe.object = row.object, stripe.id = row.id, "its kept body does not read");
            }
        }
        let mut page = local.page().await?;
        // Taken back first: one that cannot even be tried must not be asked for again and again.
        store::quarantine::take_back(page.tx(), local.connection, &asked).await?;
        page.keep(prepared, local.read_no()).await?;
        page.release(gone).await?;
        page.commit().await?;
    }
}

/// What Stripe sent last: the object may have been read again since it was set aside, without being tried.
async fn body(local: &Local, row: &quarantined::Model) -> Result<Option<String>, Error> {
    let (connection, ids) = (local.connection, vec![row.id.clone()]);
    let kept = store::source_objects::with_ids(&local.db, connection, &row.object, ids).await?.pop();
    let raw = kept.map(|kept| kept.body).or_else(|| store::quarantine::raw(row).ok());
    Ok(raw.and_then(|raw| String::from_utf8(raw).ok()).filter(|raw| !raw.is_empty()))
}
