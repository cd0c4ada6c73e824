//! The start page: tells an operator what runs here and where the API is.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use entity::integration;
use maud::{Markup, html};

use super::{App, link};
use crate::connect::begin::is_open;
use crate::store;

/// The start page at `/`.
pub fn routes() -> Router<App> {
    Router::new().route("/", get(show))
}

async fn show(State(app): State<App>) -> link::Page {
    let integrations = store::integrations::all(&app.db).await?;
    let companies = store::companies::count(&app.db).await?;
    let mut counts = store::connections::counts(&app.db).await?;
    counts.sort_by_key(|(status, _)| status.as_str());
    let base = app.settings.public_url.as_str().trim_end_matches('/');
    let body = html! {
        h1 { "Tributary runs here" }
        p.lead { "It brings small businesses' Stripe data together and serves it over REST." }
        (api(base))
        (ways_in(&integrations, base))
        h2 { "What is here" }
        dl {
            dt { "Companies" } dd { (companies) }
            @for (status, count) in &counts { dt { "Connections " (status.as_str()) } dd { (count) } }
            dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) }
        }
    };
    Ok(link::layout("Tributary", "Tributary", &body).into_response())
}

fn api(base: &str) -> Markup {
    html! {
        h2 { "The API" }
        p { "It is at " code { (base) } ", and " a href="/openapi.json" { "its OpenAPI document" } " describes it." }
        p { "Make a key on this machine, with the settings that the server runs with:" }
        pre tabindex="0" { code { "tributary key create --name me" } }
        p { "Then ask, for example, for the companies:" }
        pre tabindex="0" { code { "curl -u \"$KEY:\" " (base) "/companies" } }
    }
}

fn ways_in(integrations: &[integration::Model], base: &str) -> Markup {
    html! {
        h2 { "Integrations" }
        div.scroll tabindex="0" role="region" aria-label="Integrations" {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Key" } th scope="col" { "State" } } }
                tbody {
                    @for one in integrations {
                        tr { th scope="row" { (one.name) } td { code { (one.platform_key) } } td { (state(one)) } }
                    }
                }
            }
        }
        p { "Set one up with " code { "tributary integration set" } ". At Stripe, register this redirect URI:" }
        pre tabindex="0" { code { (base) "/oauth/callback" } }
    }
}

fn state(one: &integration::Model) -> &'static str {
    match () {
        () if one.refused_at.is_some() => "stopped: Stripe refuses its secret key",
        () if is_open(one) => "ready",
        () if one.client_id.is_none() || one.secret_key.is_none() => "not set up",
        () => "switched off",
    }
}
