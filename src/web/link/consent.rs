//! The consent page of a connection: who asks, what is read, how to stop it; then Stripe.

use axum::extract::{Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use entity::connection::Status;
use entity::profile;
use maud::{Markup, html};
use serde::Deserialize;

use super::endings::Ending;
use super::marks::Marks;
use super::page::{self, layout};
use super::{Page, Whole, embedded, is_foreign, links, means, refusal, result, saved, see};
use crate::{App, session::Browser};
use connect::begin::{self, Ticket};
use connect::finish::{self, Failure};
use connect::link::{self, Token};

type Params = Query<Vec<(String, String)>>;

/// What our forms send.
#[derive(Debug, Deserialize)]
pub struct Posted {
    #[serde(default)]
    pub form: String,
    #[serde(default)]
    pub token: String,
}

/// The consent page, or how the connection stands.
pub async fn show(
    State(app): State<App>,
    Browser(session): Browser,
    path: Path<(String, String)>,
    Query(query): Params,
) -> Page {
    let Some(whole) = Whole::find(&app, path).await? else { return Ok(Ending::Gone.page().into_response()) };
    let mut marks = Marks::with_form(&session).await?;
    let mine = marks.newest(&whole.connection).is_some();
    let token = query.iter().find(|(name, _)| name == "token").map(|(_, value)| value.as_str());
    let read = read(&app, &whole, token).await?;
    let linked = whole.connection.status == Status::Linked;
    match read {
        Token::Good(_) => {}
        _ if mine => {}
        Token::Spent if linked => {
            return Ok(Ending::UsedAndLinked { company: whole.company.name }.page().into_response());
        }
        Token::Spent => return Ok(Ending::Used.page().into_response()),
        Token::Over => return Ok(Ending::Over.page().into_response()),
        Token::Unknown => return Ok(Ending::Gone.page().into_response()),
    }
    let hosted = embedded::note(&app, &mut marks, &whole.connection, &query).await?;
    if marks.carry(&query) || hosted {
        marks.keep(&session).await?;
    }
    if linked {
        return Ok(if mine { see(&whole.path("result")) } else { result::standing(&app, &whole, false).await? });
    }
    if !begin::is_open(&whole.integration) {
        return Ok(Ending::Disabled { name: Some(whole.integration.name) }.page().into_response());
    }
    let profile = store::profiles::get(&app.db).await?;
    Ok(ask(&whole, &profile, &marks, token).into_response())
}

async fn read(app: &App, whole: &Whole, token: Option<&str>) -> Result<Token, connect::keys::Error> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(Token::Unknown) };
    let key = app.keys.installation(&app.db).await?;
    Ok(link::read(&key, &whole.connection, token, app.clock.now()))
}

/// By what right this browser goes on, or the page that says why it may not.
async fn ticket(app: &App, whole: &Whole, marks: &Marks, token: &str) -> Result<Result<Ticket, Ending>, super::Oops> {
    if marks.newest(&whole.connection).is_some() {
        return Ok(Ok(Ticket::SameBrowser));
    }
    Ok(match read(app, whole, Some(token)).await? {
        Token::Good(serial) => Ok(Ticket::Serial(serial)),
        // A double click: this browser's first click may have spent it just now. `begin` knows.
        Token::Spent => Ok(Ticket::Serial(whole.connection.link_serial - 1)),
        Token::Over => Err(Ending::Over),
        Token::Unknown => Err(Ending::Gone),
    })
}

/// The consent: spends the link, and sends the owner to Stripe.
pub async fn post(
    State(app): State<App>,
    Browser(session): Browser,
    path: Path<(String, String)>,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let Some(whole) = Whole::find(&app, path).await? else { return Ok(Ending::Gone.page().into_response()) };
    let mut marks = Marks::of(&session).await?;
    if is_foreign(&app, &headers) || !marks.made(&posted.form) {
        return Ok(Ending::Form.page().into_response());
    }
    let ticket = match ticket(&app, &whole, &marks, &posted.token).await? {
        Ok(ticket) => ticket,
        Err(ending) => return Ok(ending.page().into_response()),
    };
    let digest = saved(&session).await?;
    let ids = (whole.company.id, whole.connection.id);
    let begun = match begin::connection(means(&app), links(&app), ids, ticket, &digest).await {
        Ok(begun) => begun,
        Err(error) => return refusal(error, Some(&whole)),
    };
    marks.add(&begun, app.clock.now().timestamp());
    marks.keep(&session).await?;
    Ok(see(begun.url.as_str()))
}

/// The owner says no, before Stripe.
pub async fn cancel(
    State(app): State<App>,
    Browser(session): Browser,
    path: Path<(String, String)>,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let Some(whole) = Whole::find(&app, path).await? else { return Ok(Ending::Gone.page().into_response()) };
    let marks = Marks::of(&session).await?;
    if is_foreign(&app, &headers) || !marks.made(&posted.form) {
        return Ok(Ending::Form.page().into_response());
    }
    match ticket(&app, &whole, &marks, &posted.token).await? {
        Ok(Ticket::Serial(serial)) if serial != whole.connection.link_serial => {
            return Ok(Ending::Used.page().into_response());
        }
        Ok(_) => {}
        Err(ending) => return Ok(ending.page().into_response()),
    }
    finish::failed(&means(&app), whole.connection.id, Failure::Cancelled).await?;
    if let Some(elsewhere) = result::elsewhere(&app, &whole, Some(Failure::Cancelled), &marks).await? {
        return Ok(see(elsewhere.as_str()));
    }
    let again = link::connection_path(&whole.connection);
    let again = if posted.token.is_empty() { again } else { format!("{again}?token={}", posted.token) };
    let ending = Ending::Failed { failure: Failure::Cancelled, company: whole.company.name, again };
    Ok(ending.page().into_response())
}

fn ask(whole: &Whole, profile: &profile::Model, marks: &Marks, token: Option<&str>) -> Markup {
    let (company, who) = (&whole.company.name, &profile.name);
    let (scope, scope_text) = page::meaning(whole.integration.scope);
    let body = html! {
        (page::mode(whole.integration.mode))
        h1 { (who) " asks to " (page::verb(whole.integration.scope)) " the Stripe data of " (company) }
        @if let Some(account) = &whole.connection.account_id {
            p.lead { "The connection was to the Stripe account "
                strong { (whole.connection.account_name.as_deref().unwrap_or("")) } " (" code { (account) }
                "). Choose the same account at Stripe to go on with it." }
        } @else {
            p.lead { "You decide on the next page, which is Stripe's own. We never see your Stripe password." }
        }
        (what(who, scope, scope_text))
        div.acts {
            form method="post" action=(whole.path("start")) {
                (page::hidden(&marks.form, token))
                button type="submit" { "Continue to Stripe" }
            }
            form method="post" action=(whole.path("cancel")) {
                (page::hidden(&marks.form, token))
                button.plain type="submit" { "Cancel" }
            }
        }
    };
    layout(&format!("Connect {company} – {who}"), who, &body)
}

/// What is read, what may be done, how to stop it.
pub fn what(who: &str, scope: &str, scope_text: &str) -> Markup {
    html! {
        h2 { "What is read" }
        ul.facts { @for (name, text) in page::READ { li { strong { (name) } span { (text) } } } }
        h2 { (scope) }
        p { (scope_text) }
        h2 { "How to stop it" }
        (page::stopping(who))
    }
}
