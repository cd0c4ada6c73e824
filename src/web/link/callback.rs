//! `/oauth/callback`: where Stripe sends the owner back.
//!
//! It always ends in a redirect, so that reloading what follows is harmless; and reloading this very address is
//! harmless too, because its state was spent the first time.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use entity::id::ConnectionId;
use entity::oauth_state;
use tower_sessions::Session;

use super::endings::Ending;
use super::marks::{Mark, Marks};
use super::{Oops, Page, Whole, means, result, see};
use crate::App;
use crate::session::{Browser, digest_of};
use connect::finish::{self, Failure, State as Spent};

/// What Stripe said.
#[derive(Debug)]
enum Answer {
    Code(String),
    Denied,
    /// Both, neither, or one twice.
    Odd,
}

impl Answer {
    fn read(query: &[(String, String)]) -> Self {
        let all = |name: &str| {
            query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        match (all("code").as_slice(), all("error").as_slice()) {
            ([code], []) if !code.is_empty() => Self::Code((*code).to_owned()),
            ([], ["access_denied"]) => Self::Denied,
            _ => Self::Odd,
        }
    }
}

/// Takes the owner back.
pub async fn back(
    State(app): State<App>,
    Browser(session): Browser,
    Query(query): Query<Vec<(String, String)>>,
) -> Page {
    let states: Vec<&str> = query.iter().filter(|(name, _)| name == "state").map(|(_, value)| value.as_str()).collect();
    let [state] = states.as_slice() else { return Ok(Ending::State.page().into_response()) };
    let marks = Marks::of(&session).await?;
    match finish::spend(means(&app), state, digest_of(&session).as_deref()).await? {
        Spent::Good(row) => {
            let answer = Answer::read(&query);
            // On a task of its own: a browser that goes away drops this request, and an exchange that is dropped half
            // way leaves a merchant connected at Stripe and nowhere here.
            tokio::spawn(settle(app, session, marks, row, answer)).await?
        }
        Spent::Over(row) => {
            finish::failed(&means(&app), row.connection_id, Failure::TooLate).await?;
            on(&app, row.connection_id, Some(Failure::TooLate), &marks).await
        }
        Spent::Foreign => Ok(Ending::Foreign.page().into_response()),
        // The second of two hits with one code: the first is at work, or has ended. Its page knows.
        Spent::Unknown => Ok(marks
            .with_state(state)
            .map_or_else(|| Ending::State.page().into_response(), |mark| see(&result::waiting(mark, app.clock.now())))),
    }
}

async fn settle(app: App, session: Session, mut marks: Marks, row: oauth_state::Model, answer: Answer) -> Page {
    // Known before the exchange begins, so that a second hit finds the way to the result.
    if let Some(connection) = store::connections::by_id(&app.db, row.connection_id).await? {
        let (company, at) = (connection.company_id, row.created_at.timestamp());
        marks.note(Mark { state: row.digest.clone(), company, connection: connection.id, at });
        marks.keep(&session).await?;
        session.save().await?;
    }
    let failure = match answer {
        Answer::Code(code) => match finish::exchange(means(&app), &row, code).await? {
            finish::Ending::Linked(_) => None,
            finish::Ending::Failed(_, failure) => Some(failure),
            finish::Ending::Gone => return Ok(Ending::Gone.page().into_response()),
            finish::Ending::AnotherAccount(held) => {
                marks.held = Some(*held);
                marks.keep(&session).await?;
                session.save().await?;
                return to_result(&app, row.connection_id).await;
            }
        },
        Answer::Denied => noted(&app, &row, Failure::Cancelled).await?,
        Answer::Odd => noted(&app, &row, Failure::Unknown).await?,
    };
    on(&app, row.connection_id, failure, &marks).await
}

async fn noted(app: &App, row: &oauth_state::Model, failure: Failure) -> Result<Option<Failure>, Oops> {
    finish::failed(&means(app), row.connection_id, failure).await?;
    Ok(Some(failure))
}

async fn whole(app: &App, id: ConnectionId) -> Result<Option<Whole>, Oops> {
    let Some(row) = store::connections::by_id(&app.db, id).await? else { return Ok(None) };
    let path = (row.company_id.to_string(), row.id.to_string());
    Whole::find(app, axum::extract::Path(path)).await
}

/// On to the profile's own page, or to ours.
async fn on(app: &App, id: ConnectionId, failure: Option<Failure>, marks: &Marks) -> Page {
    let Some(whole) = whole(app, id).await? else { return Ok(Ending::Gone.page().into_response()) };
    let elsewhere = result::elsewhere(app, &whole, failure, marks).await?;
    Ok(see(elsewhere.map_or_else(|| whole.path("result"), String::from).as_str()))
}

async fn to_result(app: &App, id: ConnectionId) -> Result<Response, Oops> {
    let whole = whole(app, id).await?;
    Ok(whole.map_or_else(|| Ending::Gone.page().into_response(), |whole| see(&whole.path("result"))))
}
