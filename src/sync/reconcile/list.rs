//! One of Stripe's lists, compared page by page.
//!
//! Lists come newest first. What is here and was made between the last object of the page before and the last one of
//! this page must have been listed; a second that the page's border cuts through is left to the next page.

use std::collections::HashSet;

use entity::reconciliation_part::Model;
use entity::shape::Texts;

use super::super::backfill::{self, PAGE};
use super::super::error::Error;
use super::super::run::Run;
use super::super::streams::Stream;
use super::Turn;
use super::check::{self, Batch};
use stripe::error::Error as Refusal;
use stripe::wire;

/// Objects that one page may lack before the list itself is doubted.
const MOST_ABSENT: usize = 1_000;

/// Takes the comparison of a list on. Returns whether it came to its end.
///
/// # Errors
/// Whatever ends a run, or this step.
pub async fn step(turn: &mut Turn<'_>, stream: Stream, part: &mut Model) -> Result<bool, Error> {
    if stream == Stream::Account {
        return check::account(turn, part).await.map(|()| true);
    }
    loop {
        if !turn.page() {
            return Ok(false);
        }
        let listed = match read(turn, stream, part).await {
            Err(Error::Stripe(Refusal::Missing { param, .. })) if param.as_deref() == Some("starting_after") => {
                // The cursor's object is gone: the list is taken up again at its second.
                part.cursor = None;
                continue;
            }
            read => read?,
        };
        let has_more = listed.has_more;
        page(turn, stream, part, listed).await?;
        if part.reason.is_some() || !has_more {
            return Ok(true);
        }
    }
}

/// A page of a list.
struct Listed {
    read_no: i64,
    /// Id, `created` and JSON of each object.
    objects: Vec<(String, i64, String)>,
    has_more: bool,
}

async fn read(turn: &Turn<'_>, stream: Stream, part: &Model) -> Result<Listed, Error> {
    let mut query = vec![("limit", PAGE.to_owned())];
    if let Some(expand) = stream.expand() {
        query.push(("expand[]", format!("data.{expand}")));
    }
    query.extend(stream.filter().map(|(name, value)| (name, value.to_owned())));
    if part.window_from > 0 {
        query.push(("created[gte]", part.window_from.to_string()));
    }
    match (&part.cursor, part.edge) {
        (Some(cursor), _) => query.push(("starting_after", cursor.clone())),
        (None, Some(edge)) => query.push(("created[lte]", edge.to_string())),
        (None, None) => {}
    }
    let (read_no, answer) = turn.run.read(stream.path(), stream.path(), &query).await?;
    let list: wire::List<'_> = serde_json::from_slice(&answer.body).map_err(|error| Refusal::unreadable(&error))?;
    let mut objects = Vec::with_capacity(list.data.len());
    for raw in &list.data {
        let head: wire::Head = serde_json::from_str(raw.get()).map_err(|error| Refusal::unreadable(&error))?;
        let id = head.id.ok_or_else(|| Refusal::Transport("a listed object has no id".to_owned()))?;
        objects.push((id, head.created.unwrap_or_default(), raw.get().to_owned()));
    }
    if list.has_more && objects.is_empty() {
        return Err(Refusal::Transport("a page without objects that says there are more".to_owned()).into());
    }
    Ok(Listed { read_no, objects, has_more: list.has_more })
}

async fn page(turn: &mut Turn<'_>, stream: Stream, part: &mut Model, mut listed: Listed) -> Result<(), Error> {
    let run = turn.run;
    // Taken up again at its second, the list shows objects that were compared already.
    listed.objects.retain(|(id, _, _)| part.cursor.is_some() || !part.edge_ids.0.contains(id));
    let last = listed.objects.last().map(|(id, _, _)| id.clone());
    let oldest = listed.objects.iter().map(|(_, created, _)| *created).chain(part.edge).min();
    let mut seen: HashSet<String> = part.edge_ids.0.iter().cloned().collect();
    seen.extend(listed.objects.iter().map(|(id, _, _)| id.clone()));
    let lower = if listed.has_more { oldest.map_or(part.window_from, |second| second + 1) } else { part.window_from };
    let upper = part.edge.map(|second| second + 1);
    let object = check::object(stream);
    let absent: Vec<String> = if upper.is_some_and(|upper| lower >= upper) {
        Vec::new()
    } else {
        // One more than may be absent is enough to know: a list that is cut must not bring everything here at once.
        let most = seen.len() + MOST_ABSENT + 1;
        let here = store::drift::made_in(&run.db, run.connection, object, (lower, upper), most as u64).await?;
        here.into_iter().filter(|id| !seen.contains(id)).collect()
    };
    let mut next = part.clone();
    let many = absent.len() > MOST_ABSENT;
    if many {
        next.reason = Some(format!(
            "Stripe's list leaves out more than {MOST_ABSENT} objects that are here: such a list is not believed, and \
             nothing was taken for gone. Ask for another pass later."
        ));
    }
    let mut batch = Batch::new(run, listed.read_no);
    for (id, _, raw) in &listed.objects {
        batch.prepared.add(run.connection, raw, None);
        batch.raws.push((object.to_owned(), id.clone(), raw.clone()));
        if !stream.parts().is_empty() {
            backfill::read_rest(run, raw, &mut batch.prepared).await?;
        }
    }
    if !many {
        check::read_again(turn, stream, &absent, &mut batch).await?;
    }
    next.here += i64::try_from(absent.len()).unwrap_or(i64::MAX);
    next.unlisted += i64::try_from(batch.unlisted).unwrap_or(i64::MAX);
    next.cursor = last.or(next.cursor);
    next.edge_ids = border(part, &listed, oldest);
    next.edge = oldest;
    *part = check::keep(turn, stream, batch, next).await?;
    Ok(())
}

/// What was listed of the last second.
fn border(part: &Model, listed: &Listed, oldest: Option<i64>) -> Texts {
    let before = part.edge_ids.0.iter().filter(|_| part.edge == oldest).cloned();
    let here = listed.objects.iter().filter(|(_, created, _)| Some(*created) == oldest).map(|(id, _, _)| id.clone());
    Texts(before.chain(here).collect())
}

impl Batch {
    /// An empty batch of one reading.
    pub fn new(run: &Run, read_no: i64) -> Self {
        Self { read_no, raws: Vec::new(), prepared: run.prepared(), gone: Vec::new(), unlisted: 0 }
    }
}
