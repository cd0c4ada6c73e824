//! How a consent ended: success with the first sync's progress, a question, or the page of a failure.

use std::collections::BTreeMap;

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use entity::connection::Status;
use entity::data_type::DataType;
use entity::dataset;
use maud::{Markup, html};
use serde::Deserialize;
use url::Url;

use super::endings::Ending;
use super::marks::{Mark, Marks};
use super::page::{self, layout};
use super::{Oops, Page, Whole, is_foreign, links, means, redirect, see};
use crate::{App, session::Browser};
use connect::finish::{self, Failure, Held};

/// Seconds between two looks at a sync that is on its way.
const LOOK_AGAIN: &str = "3";
/// Seconds that an exchange may take in another tab before its page says that it came to nothing.
const PATIENCE: i64 = 60;

/// What the page's address may say.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Since when an exchange in another tab is waited for, in Unix seconds.
    since: Option<i64>,
    /// Given, the page does not look again by itself.
    still: Option<String>,
}

/// The address of the result, for whoever comes while the exchange may be on its way.
pub fn waiting(mark: &Mark, now: DateTime<Utc>) -> String {
    format!("/link/companies/{}/connections/{}/result?since={}", mark.company, mark.connection, now.timestamp())
}

/// The result.
pub async fn show(
    State(app): State<App>,
    Browser(session): Browser,
    path: Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Page {
    let Some(whole) = Whole::find(&app, path).await? else { return Ok(Ending::Gone.page().into_response()) };
    let marks = Marks::with_form(&session).await?;
    let Some(mark) = marks.newest(&whole.connection) else { return Ok(Ending::Session.page().into_response()) };
    if let Some(held) = marks.held_for(&whole.connection) {
        return Ok(question(&whole, held, &marks).into_response());
    }
    let linked = whole.connection.status == Status::Linked;
    let failure = failure(&whole, mark).filter(|_| !linked);
    if linked || failure.is_some() {
        // The tab that waited for another goes where that one went.
        if asked.since.is_some()
            && let Some(elsewhere) = elsewhere(&app, &whole, failure, &marks).await?
        {
            return Ok(see(elsewhere.as_str()));
        }
    } else if asked.since.is_some_and(|since| (0..PATIENCE).contains(&(app.clock.now().timestamp() - since))) {
        return Ok(working());
    }
    let again = whole.path("start");
    match failure {
        _ if linked => standing(&app, &whole, asked.still.is_some()).await,
        Some(failure) => {
            let ending = Ending::Failed { failure, company: whole.company.name, again };
            Ok(ending.page().into_response())
        }
        None => Ok(Ending::Unfinished { company: whole.company.name, again }.page().into_response()),
    }
}

/// Why this browser's newest consent came to nothing; none when it has not, or not yet.
fn failure(whole: &Whole, mark: &Mark) -> Option<Failure> {
    let newest = whole.connection.errors.last().filter(|fault| fault.resolved_at.is_none())?;
    Failure::parse(&newest.status_text).filter(|_| newest.at.timestamp() >= mark.at)
}

fn working() -> Response {
    let body = html! {
        h1 { "Still working" }
        p.lead { "Stripe is confirming the connection. This page looks again by itself." }
        p { "Nothing happens twice, whatever you press." }
    };
    refreshing(layout("Still working", "Connect your business", &body))
}

/// By a header: the page looks again without a script. The page offers to stop that.
fn refreshing(page: Markup) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert("refresh", HeaderValue::from_static(LOOK_AGAIN));
    response
}

/// A Linked connection and its sync. `still` leaves out looking again.
pub async fn standing(app: &App, whole: &Whole, still: bool) -> Page {
    let profile = store::profiles::get(&app.db).await?;
    let states = store::datasets_read::states(&app.db, &[whole.connection.id]).await?;
    let latest: Vec<&dataset::Model> = states.values().map(|state| &state.latest).collect();
    let running = latest.is_empty() || latest.iter().any(|one| !one.status.is_final());
    let connection = &whole.connection;
    let body = html! {
        (page::mode(whole.integration.mode))
        p.state.good { "✓ Connected" }
        h1 { (whole.company.name) " is connected" }
        p.lead { (profile.name) " can now read your Stripe data. You can close this page; everything goes on by itself." }
        dl {
            dt { "Account" }
            dd {
                @if let Some(name) = &connection.account_name { (name) " " }
                @if let Some(account) = &connection.account_id { code { (account) } }
            }
            dt { "Permission" }
            dd { (page::meaning(whole.integration.scope).0) }
            @if let Some(at) = connection.linked_at { dt { "Since" } dd { (at.format("%-d %B %Y, %H:%M UTC")) } }
            @if let Some(at) = connection.last_sync_at { dt { "Last read" } dd { (at.format("%-d %B %Y, %H:%M UTC")) } }
        }
        (progress(&latest, running))
        @if running && !still { p { a.quiet href={ (whole.path("result")) "?still=1" } { "Stop updating this page" } } }
        @if running && still { p { a.quiet href=(whole.path("result")) { "Go on updating this page" } } }
        h2 { "How to stop it" }
        (page::stopping(&profile.name))
    };
    let page = layout(&format!("{} is connected – {}", whole.company.name, profile.name), &profile.name, &body);
    Ok(if running && !still { refreshing(page) } else { page.into_response() })
}

fn progress(latest: &[&dataset::Model], running: bool) -> Markup {
    let done = latest.iter().filter(|one| one.status.is_final()).count();
    let bad = latest.iter().filter(|one| one.status.is_error()).count();
    let heading = match () {
        () if latest.is_empty() => "Reading begins in a moment",
        () if running => "Reading your data",
        () if bad > 0 => "Reading has ended, not everything could be read",
        () => "Everything was read",
    };
    html! {
        h2 { (heading) }
        @if !latest.is_empty() {
            p.soft { (done) " of " (latest.len()) " kinds of data are done." }
            @if running {
                progress max="100" value=(mean(latest)) aria-label="How far the first reading is" {}
            }
            ul.progress {
                @for one in latest {
                    li {
                        span { (name(one.data_type)) }
                        span.how { (how(one)) }
                        @if let Some(why) = one.error_message.as_ref().filter(|_| one.status.is_error()) {
                            span.why { (why) }
                        }
                    }
                }
            }
        }
    }
}

fn mean(latest: &[&dataset::Model]) -> i32 {
    let sum: i32 = latest.iter().map(|one| if one.status.is_final() { 100 } else { one.progress.clamp(0, 99) }).sum();
    sum / i32::try_from(latest.len()).unwrap_or(i32::MAX).max(1)
}

const fn name(kind: DataType) -> &'static str {
    match kind {
        DataType::CompanyInfo => "Your business",
        DataType::Customers => "Customers",
        DataType::Payments => "Payments and refunds",
        DataType::Transactions => "Fees and balance",
        DataType::Payouts => "Payouts",
        DataType::Disputes => "Disputes",
        DataType::Products => "Products and prices",
        DataType::PaymentMethods => "Payment methods",
        DataType::Orders => "Orders",
        DataType::Subscriptions => "Subscriptions",
        DataType::Invoices => "Invoices",
    }
}

fn how(one: &dataset::Model) -> String {
    use dataset::Status as At;
    let word = match one.status {
        At::Initial | At::Queued => return "waiting".to_owned(),
        At::Complete => "done",
        At::PermissionsError => "not permitted",
        At::NotSupported => "not offered by Stripe",
        At::AuthError => "access has ended",
        At::Cancelled => "stopped",
        At::FetchError | At::MapError | At::InternalError | At::RateLimitError => "could not be read",
        At::Fetching | At::Mapping | At::Validating | At::Processing => "reading",
    };
    if one.objects > 0 { format!("{} read, {word}", grouped(one.objects)) } else { word.to_owned() }
}

/// 1234567 as 1,234,567.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn question(whole: &Whole, held: &Held, marks: &Marks) -> Markup {
    let before = whole.connection.account_id.as_deref().unwrap_or_default();
    let body = html! {
        (page::mode(whole.integration.mode))
        h1 { "This is another Stripe account" }
        p.lead { "Until now the connection was to another account than the one that you chose. Nothing was changed yet." }
        dl {
            dt { "Before" }
            dd { @if let Some(name) = &whole.connection.account_name { (name) " " } code { (before) } }
            dt { "Chosen now" }
            dd { @if let Some(name) = &held.account_name { (name) " " } code { (held.account_id) } }
        }
        p { "Keep the account from before, and what you chose now is given back. Or connect the account that you chose: it \
             becomes a connection of its own, and what was read from the one before stays as it is." }
        div.acts {
            form method="post" action=(whole.path("account")) {
                (page::hidden(&marks.form, None))
                button type="submit" name="decision" value="refuse" { "Go back to the account from before" }
            }
            form method="post" action=(whole.path("account")) {
                (page::hidden(&marks.form, None))
                button.plain type="submit" name="decision" value="take" { "Connect the account that I chose" }
            }
        }
    };
    layout("This is another Stripe account", "Connect your business", &body)
}

/// What the question's forms send.
#[derive(Debug, Deserialize)]
pub struct Decided {
    #[serde(default)]
    form: String,
    #[serde(default)]
    decision: String,
}

/// The owner's decision about another account.
pub async fn decide(
    State(app): State<App>,
    Browser(session): Browser,
    path: Path<(String, String)>,
    headers: HeaderMap,
    Form(decided): Form<Decided>,
) -> Page {
    let Some(whole) = Whole::find(&app, path).await? else { return Ok(Ending::Gone.page().into_response()) };
    let mut marks = Marks::of(&session).await?;
    if is_foreign(&app, &headers) || !marks.made(&decided.form) {
        return Ok(Ending::Form.page().into_response());
    }
    let Some(held) = marks.held_for(&whole.connection).cloned() else { return Ok(see(&whole.path("result"))) };
    let work = async move {
        let hosted = marks.host_of(whole.connection.id).is_some();
        let leaf = if hosted { "end" } else { "result" };
        let mut to = whole.path(leaf);
        if decided.decision == "take" {
            if let finish::Ending::Linked(made) = finish::take(means(&app), &held).await? {
                let at = app.clock.now().timestamp();
                marks.note(Mark { state: made.to_string(), company: held.company, connection: made, at });
                if let Some(host) = marks.host.as_mut().filter(|_| hosted) {
                    host.connection = made;
                }
                to = format!("/link/companies/{}/connections/{made}/{leaf}", held.company);
            }
        } else {
            finish::refuse(means(&app), &held).await?;
        }
        marks.held = None;
        marks.keep(&session).await?;
        session.save().await?;
        Ok::<_, Oops>(see(&to))
    };
    // On a task of its own, as the exchange is.
    tokio::spawn(work).await?
}

/// Where owners go at the end: back to the page that opened the window, or where the profile wants; none for our own page.
pub async fn elsewhere(app: &App, whole: &Whole, failure: Option<Failure>, marks: &Marks) -> Result<Option<Url>, Oops> {
    if marks.host_of(whole.connection.id).is_some() {
        return Ok(Some(links(app).page(&whole.path("end"))?));
    }
    let profile = store::profiles::get(&app.db).await?;
    if profile.redirect_url.trim().is_empty() {
        return Ok(None);
    }
    let Whole { company, connection, integration } = whole;
    let (code, message) = match failure {
        None => ("200", ""),
        Some(Failure::Cancelled) => ("403", "User cancelled"),
        Some(_) => ("500", "Unknown error occurred"),
    };
    let values = BTreeMap::from([
        ("clientId", profile.client_id.to_string()),
        ("connectionId", connection.id.to_string()),
        ("companyId", company.id.to_string()),
        ("integrationId", integration.id.to_string()),
        ("sourceId", integration.source_id.to_string()),
        ("platform", integration.platform_key.clone()),
        ("platformName", integration.name.clone()),
        ("sourceType", "Commerce".to_owned()),
        ("statusCode", code.to_owned()),
        ("errorMessage", message.to_owned()),
        ("statusText", failure.map_or("", Failure::word).to_owned()),
    ]);
    match redirect::fill(profile.redirect_url.trim(), &profile.white_list_urls.0, &values, &marks.carried) {
        Ok(url) => Ok(Some(url)),
        Err(reason) => {
            tracing::warn!(template = profile.redirect_url, reason, "the profile's redirect is not followed");
            Ok(None)
        }
    }
}
