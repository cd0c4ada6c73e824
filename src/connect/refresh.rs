//! Refresh: a company's data is asked for. Datasets are written first and the job after them, each group of tables in a
//! transaction of its own; a dataset whose job was lost is asked for again by the tick.

use entity::company;
use entity::connection::{self, Status};
use entity::data_type::DataType;
use entity::dataset;
use entity::id::{ConnectionId, DatasetId};
use sea_orm::DbErr;

use super::Means;
use base::boxed;
use base::task::Task;

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to read from.
    #[error("{0}")]
    NotLinked(String),
    /// The type is on its way already.
    #[error("DatasetAlreadyInProgressException: the previous sync of {0} (dataset {1}) is still in progress.")]
    InProgress(&'static str, DatasetId),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] DbErr),
}

/// Asks for all data types that are read when a connection is first linked, of every connection that can be read.
/// Types that are on their way already are left as they are.
///
/// # Errors
/// [`Error::NotLinked`] when no connection can be read.
#[boxed]
pub async fn all<'a>(means: Means<'a>, company: &'a company::Model) -> Result<(), Error> {
    let settings = store::sync_settings::effective(means.db, company).await?;
    let types: Vec<DataType> = settings.iter().filter(|one| one.fetch_on_first_link).map(|one| one.data_type).collect();
    let readable = readable(means, company, None).await?;
    for connection in readable {
        let tx = store::write(means.db).await?;
        store::sync_heads::hold(&tx, connection.id).await?;
        store::datasets::queue(&tx, connection.id, &types, false, means.clock.now()).await?;
        tx.commit().await?;
        wake(means, connection.id).await?;
    }
    Ok(())
}

/// Asks for one data type of one connection: of the given one, or else of the company's oldest that can be read.
///
/// # Errors
/// [`Error::NotLinked`], [`Error::InProgress`].
#[boxed]
pub async fn one<'a>(
    means: Means<'a>,
    company: &'a company::Model,
    connection: Option<&connection::Model>,
    data_type: DataType,
) -> Result<dataset::Model, Error> {
    let readable = readable(means, company, connection).await?;
    let Some(connection) = readable.first() else { return Err(nothing(company)) };
    let tx = store::write(means.db).await?;
    store::sync_heads::hold(&tx, connection.id).await?;
    let queued = store::datasets::queue_one(&tx, connection.id, data_type, means.clock.now()).await?;
    let dataset = queued.map_err(|busy| Error::InProgress(data_type.as_str(), busy.0))?;
    tx.commit().await?;
    wake(means, connection.id).await?;
    Ok(dataset)
}

/// The connections that can be read: Linked, through an integration that is switched on; at least one.
async fn readable(
    means: Means<'_>,
    company: &company::Model,
    only: Option<&connection::Model>,
) -> Result<Vec<connection::Model>, Error> {
    let all = match only {
        Some(only) => vec![only.clone()],
        None => store::connections::of_company(means.db, company.id).await?,
    };
    let integrations = store::integrations::all(means.db).await?;
    let on = |row: &connection::Model| integrations.iter().any(|one| one.id == row.integration_id && one.enabled);
    let (linked, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.status == Status::Linked);
    let any_linked = !linked.is_empty();
    let readable: Vec<_> = linked.into_iter().filter(on).collect();
    match (readable.is_empty(), any_linked, only) {
        (false, ..) => Ok(readable),
        (true, true, _) => Err(Error::NotLinked("The integration is switched off, so nothing is synced.".to_owned())),
        (true, false, Some(_)) => Err(Error::NotLinked(format!(
            "The connection is {}; only a Linked one can be synced.",
            others.first().map_or("gone", |row| row.status.as_str())
        ))),
        (true, false, None) => Err(nothing(company)),
    }
}

fn nothing(company: &company::Model) -> Error {
    Error::NotLinked(format!("The company {} has no Linked connection to sync.", company.id))
}

async fn wake(means: Means<'_>, connection: ConnectionId) -> Result<(), DbErr> {
    let tx = store::write(means.db).await?;
    store::jobs::enqueue(&tx, &Task::Sync { connection }, means.clock.now()).await?;
    tx.commit().await
}
