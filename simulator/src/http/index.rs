//! The page at `/`: what runs here, which accounts there are, and a line to try each.

use super::shared::Shared;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;

/// Shows the accounts with a `curl` line that works as shown.
pub async fn show(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Markup {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let accounts = shared.world.accounts();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Stripe simulator" }
                link rel="stylesheet" href="/oauth/authorize.css";
            }
            body {
                main {
                    h1 { "Stripe simulator" }
                    p { "It answers for " code { "api.stripe.com" } " and " code { "connect.stripe.com" } ". "
                        "The platform is " code { (shared.options.client_id) } "; its secret key reaches an account once "
                        "the account's owner has approved. Each account's own key works at once." }
                    p { a href="/_simulator/accounts" { "Accounts" } " and "
                        a href="/_simulator/requests" { "requests served" } " as JSON." }
                    @for account in accounts.iter().take(50) {
                        h2 { (account.name) }
                        p { code { (account.id) } " · " (account.description) " · " (account.charges) " charges" }
                        p { code { "curl -u " (shared.own_key(&account.id)) ": http://" (host) "/v1/charges?limit=1" } }
                    }
                    @if accounts.len() > 50 { p { (accounts.len() - 50) " more accounts are not shown here." } }
                }
            }
        }
    }
}
