//! The page of a company's Link URL: choose an integration, consent, then Stripe.

use axum::extract::{Form, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use entity::id::CompanyId;
use entity::integration::{self, Mode};
use entity::{company, profile};
use maud::{Markup, html};
use serde::Deserialize;

use super::endings::Ending;
use super::marks::Marks;
use super::page::{self, layout};
use super::{Oops, Page, is_foreign, links, means, refusal, saved, see};
use crate::{App, session::Browser};
use connect::begin::{self, Ticket};
use connect::link::{self, Token};

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Posted {
    #[serde(default)]
    form: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    platform: String,
    /// `connect` or `leave`; a script that names neither connects.
    #[serde(default)]
    decision: String,
}

async fn find(app: &App, company: &str) -> Result<Option<company::Model>, Oops> {
    let Ok(id) = company.parse::<CompanyId>() else { return Ok(None) };
    Ok(store::companies::find(&app.db, id).await?)
}

async fn read(app: &App, company: &company::Model, token: &str) -> Result<Token, Oops> {
    let key = app.keys.installation(&app.db).await?;
    Ok(link::read_company(&key, company, token, app.clock.now()))
}

/// The page.
pub async fn show(
    State(app): State<App>,
    Browser(session): Browser,
    Path(company): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Page {
    let Some(company) = find(&app, &company).await? else { return Ok(Ending::Gone.page().into_response()) };
    let given = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let token = given("token").unwrap_or_default();
    let mut marks = Marks::with_form(&session).await?;
    match read(&app, &company, token).await? {
        Token::Good(_) => {}
        _ if marks.knows(company.id) => {}
        Token::Spent => return Ok(Ending::Used.page().into_response()),
        Token::Over => return Ok(Ending::Over.page().into_response()),
        Token::Unknown => return Ok(Ending::Gone.page().into_response()),
    }
    if marks.carry(&query) {
        marks.keep(&session).await?;
    }
    let tests = given("link.showSandboxIntegrations") != Some("false");
    let open = store::integrations::all(&app.db).await?;
    let open: Vec<_> =
        open.into_iter().filter(|one| begin::is_open(one) && (tests || one.mode == Mode::Live)).collect();
    let Some(scope) = open.first().map(|one| one.scope) else {
        return Ok(Ending::Disabled { name: None }.page().into_response());
    };
    let profile = store::profiles::get(&app.db).await?;
    Ok(ask(&company, (&open, scope), &profile, &marks, token).into_response())
}

/// The consent: spends the link, makes the connection, and sends the owner to Stripe.
pub async fn consent(
    State(app): State<App>,
    Browser(session): Browser,
    Path(company): Path<String>,
    headers: HeaderMap,
    Form(posted): Form<Posted>,
) -> Page {
    let Some(company) = find(&app, &company).await? else { return Ok(Ending::Gone.page().into_response()) };
    let mut marks = Marks::of(&session).await?;
    if is_foreign(&app, &headers) || !marks.made(&posted.form) {
        return Ok(Ending::Form.page().into_response());
    }
    if posted.decision == "leave" {
        return Ok(Ending::Left.page().into_response());
    }
    let ticket = match read(&app, &company, &posted.token).await? {
        _ if marks.knows(company.id) => Ticket::SameBrowser,
        Token::Good(serial) => Ticket::Serial(serial),
        // A double click: see the page of a connection.
        Token::Spent => Ticket::Serial(company.link_serial - 1),
        Token::Over => return Ok(Ending::Over.page().into_response()),
        Token::Unknown => return Ok(Ending::Gone.page().into_response()),
    };
    let digest = saved(&session).await?;
    let begun = match begin::company(means(&app), links(&app), &company, &posted.platform, ticket, &digest).await {
        Ok(begun) => begun,
        Err(error) => return refusal(error, None),
    };
    marks.add(&begun, app.clock.now().timestamp());
    marks.keep(&session).await?;
    Ok(see(begun.url.as_str()))
}

fn ask(
    company: &company::Model,
    (open, asked): (&[integration::Model], integration::Scope),
    profile: &profile::Model,
    marks: &Marks,
    token: &str,
) -> Markup {
    let who = &profile.name;
    let all_test = open.iter().all(|one| one.mode == Mode::Test);
    let (scope, scope_text) = page::meaning(asked);
    let body = html! {
        @if all_test { (page::mode(Mode::Test)) }
        h1 { (who) " asks to " (page::verb(asked)) " the Stripe data of " (company.name) }
        p.lead { "You decide on the next page, which is Stripe's own. We never see your Stripe password." }
        (super::consent::what(who, scope, scope_text))
        form method="post" action={ "/link/companies/" (company.id) "/start" } {
            (page::hidden(&marks.form, Some(token)))
            @if let [only] = open {
                input type="hidden" name="platform" value=(only.platform_key);
            } @else {
                fieldset {
                    legend { "Which one do you use?" }
                    @for (at, one) in open.iter().enumerate() {
                        label.pick {
                            input type="radio" name="platform" value=(one.platform_key) checked[at == 0] required;
                            span { strong { (one.name) } span { (kind(one)) } }
                        }
                    }
                }
            }
            div.acts {
                button type="submit" name="decision" value="connect" { "Continue to Stripe" }
                button.plain type="submit" name="decision" value="leave" { "Cancel" }
            }
        }
    };
    layout(&format!("Connect {} – {who}", company.name), who, &body)
}

fn kind(one: &integration::Model) -> String {
    let (scope, _) = page::meaning(one.scope);
    match one.mode {
        Mode::Live => format!("your real account; {}", scope.to_lowercase()),
        Mode::Test => format!("test mode, no real money; {}", scope.to_lowercase()),
    }
}
