//! Records that nothing kept makes. Stripe is asked for the object of each: if it has one, that was missing; if not, the
//! record was never true, or is not any more.

use chrono::DateTime;
use entity::data_type::DataType;
use entity::reconciliation_part::Model;

use super::super::error::Error;
use super::super::streams::Stream;
use super::Turn;
use super::check::{self, Batch};
use super::work::Work;
use store::verify;

/// Records looked at in one go.
const BATCH: u64 = 50;

/// Takes the step on. Returns whether it came to its end.
///
/// # Errors
/// Whatever ends a run, or this step.
pub async fn step(turn: &mut Turn<'_>, part: &mut Model) -> Result<bool, Error> {
    let from = DateTime::from_timestamp(part.window_from, 0).unwrap_or_default();
    let (at, mut after) = match part.cursor.as_deref().and_then(|cursor| cursor.split_once(' ')) {
        Some((kind, id)) => (DataType::parse(kind).unwrap_or(DataType::CompanyInfo), id.to_owned()),
        None => (DataType::CompanyInfo, String::new()),
    };
    for data_type in DataType::ALL.into_iter().skip_while(|one| *one != at) {
        loop {
            if !turn.page() {
                return Ok(false);
            }
            let (db, connection) = (&turn.run.db, turn.run.connection);
            let orphans = verify::orphans(db, connection, data_type, from, &after, BATCH).await?;
            let Some((last, _)) = orphans.last().cloned() else { break };
            let mut objects: Vec<String> = orphans.iter().map(|(_, object)| object.clone()).collect();
            objects.dedup();
            for object in objects {
                *part = look_up(turn, data_type, &object, part.clone()).await?;
            }
            *part = bury(turn, data_type, orphans, part.clone(), &last).await?;
            after = last;
        }
        after = String::new();
    }
    Ok(true)
}

/// Asks Stripe for an object that should make a record, and keeps it when it is there.
async fn look_up(turn: &Turn<'_>, data_type: DataType, id: &str, mut part: Model) -> Result<Model, Error> {
    for object in verify::objects(data_type) {
        let Some(stream) = Stream::of_object(object).filter(|one| *one != Stream::Account) else { continue };
        let mut batch = Batch::new(turn.run, turn.run.read_no());
        check::read_again(turn, stream, &[id.to_owned()], &mut batch).await?;
        batch.gone.clear();
        if !batch.raws.is_empty() {
            batch.unlisted = 0;
            part = check::keep(turn, stream, batch, part).await?;
        }
    }
    Ok(part)
}

/// Marks those as gone that still nothing makes.
async fn bury(
    turn: &Turn<'_>,
    data_type: DataType,
    orphans: Vec<(String, String)>,
    part: Model,
    last: &str,
) -> Result<Model, Error> {
    let run = turn.run;
    let read_no = run.read_no();
    let mut page = run.page().await?;
    let mut work = Work::new(turn, read_no, part);
    for (id, object) in orphans {
        if !verify::is_made(page.tx(), run.connection, data_type, &id, &object).await? {
            work.extra_record(&mut page, data_type, &id).await?;
        }
    }
    work.part.cursor = Some(format!("{} {last}", data_type.as_str()));
    let part = work.finish(&page).await?;
    page.commit().await?;
    Ok(part)
}
