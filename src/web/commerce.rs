//! What the lists of a connection's data have in common.

use axum::Json;
use axum::response::Response;
use entity::connection;
use entity::data_type::DataType;
use entity::dataset::Status;
use futures::stream::StreamExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::error::Error;
use super::page::List;
use super::supplemental::{Supplemented, Supplements};
use super::who::Last;
use store::Executor;
use store::Tx;
use store::lists::{Listed, Listing};
use store::records::{self, Backed, Streamed};

/// One page of a connection's records, read in one state of the database and written row by row.
pub(super) async fn list<E: Listed, T: From<E::Row> + Serialize>(
    app: &App,
    connection: &connection::Model,
    list: &List,
) -> Result<Response, Error> {
    let (tx, listing) = begun::<E>(app, connection, list).await?;
    let found = records::page::<E>(&tx, connection.id, &listing, &[]).await?;
    written(list, found, |row| Ok(T::from(row.record))).await
}

/// The same with supplemental data, where some is configured.
pub(super) async fn supplemented<E: Listed, T: From<E::Row> + Serialize + Supplemented>(
    app: &App,
    connection: &connection::Model,
    list: &List,
) -> Result<Response, Error> {
    let (tx, listing) = begun::<E>(app, connection, list).await?;
    let supplements = Supplements::of(&tx, connection, E::DATA_TYPE).await?;
    let found = records::page::<E>(&tx, connection.id, &listing, &supplements.kinds()).await?;
    written(list, found, |row| supplements.added::<_, T>(row)).await
}

/// What is asked of a list, and the state of the database that answers it.
async fn begun<E: Listed>(app: &App, connection: &connection::Model, list: &List) -> Result<(Tx, Listing), Error> {
    let listing = list.listing(E::NOUN)?;
    let tx = store::read(&app.db).await?;
    was_read(&tx, connection, E::DATA_TYPE).await?;
    Ok((tx, listing))
}

/// A page of records, each written as it is read, and then gone.
pub(super) async fn written<M, T: Serialize>(
    list: &List,
    mut found: Streamed<'_, M>,
    make: impl Fn(Backed<M>) -> Result<T, Error>,
) -> Result<Response, Error> {
    let mut page = list.write();
    while let Some(row) = found.rows.next().await {
        page.push(&make(row?)?)?;
    }
    page.end(found.total, found.is_backwards)
}

/// One of a connection's records.
pub(super) async fn get<E: Listed, T: From<E::Row>>(
    app: &App,
    connection: &connection::Model,
    Last(id): &Last,
) -> Result<Json<T>, Error> {
    let tx = store::read(&app.db).await?;
    let row = one::<E>(&tx, connection, id, &[]).await?;
    Ok(Json(T::from(row.record)))
}

/// The same with supplemental data, where some is configured.
pub(super) async fn get_supplemented<E: Listed, T: From<E::Row> + Supplemented>(
    app: &App,
    connection: &connection::Model,
    Last(id): &Last,
) -> Result<Json<T>, Error> {
    let tx = store::read(&app.db).await?;
    let supplements = Supplements::of(&tx, connection, E::DATA_TYPE).await?;
    let row = one::<E>(&tx, connection, id, &supplements.kinds()).await?;
    Ok(Json(supplements.added(row)?))
}

/// One of a connection's records, with the object of these kinds.
pub(super) async fn one<E: Listed>(
    tx: &Tx,
    connection: &connection::Model,
    id: &str,
    kinds: &[&'static str],
) -> Result<Backed<E::Row>, Error> {
    was_read(tx, connection, E::DATA_TYPE).await?;
    let row = records::one::<E>(tx, connection.id, id, kinds).await?;
    row.ok_or_else(|| Error::none(&E::NOUN.name.to_lowercase(), id))
}

/// Whether the data type was ever read to its end, or is being read and its last 90 days are there; what was is served,
/// whatever became of the connection since.
pub(super) async fn was_read(
    db: &dyn Executor,
    connection: &connection::Model,
    data_type: DataType,
) -> Result<(), Error> {
    let name = data_type.as_str();
    match store::datasets_read::best(db, connection.id, data_type).await? {
        Some(row) if row.status == Status::Complete => Ok(()),
        None => Err(Error::Conflict(format!("The data set has not been requested: {name} was never synced."))),
        Some(row) if row.readable_from.is_some() && !row.status.is_final() => Ok(()),
        Some(row) if !row.status.is_final() => {
            Err(Error::Conflict(format!("No data available yet: the first sync of {name} is not finished.")))
        }
        Some(row) => {
            let why = row.error_message.map(|why| format!(": {why}")).unwrap_or_default();
            let status = row.status.as_str();
            Err(Error::NotFound(format!("No data available: the first sync of {name} ended with {status}{why}")))
        }
    }
}

/// A reference to a record of a type.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordRef {
    /// The record.
    pub id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A reference to a record with a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedRef {
    /// The record.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
}
