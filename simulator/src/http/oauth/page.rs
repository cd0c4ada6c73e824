//! The page where an owner approves or denies: plain, labelled, without scripts.

use super::super::shared::Shared;
use super::authorize::Wish;
use super::connections::Scope;
use crate::world::AccountSummary;
use maud::{DOCTYPE, Markup, html};
use url::Url;

/// The page's style sheet.
pub const STYLE: &str = include_str!("page.css");
/// So many accounts are offered one by one; any other can be typed.
const OFFERED: usize = 50;

/// A policy that allows the page its style and its form, which ends at the platform's address.
#[must_use]
pub fn policy(redirect_uri: &str) -> String {
    let origin = Url::parse(redirect_uri).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Asks the owner. The form goes back to this address with the same query.
#[must_use]
pub fn ask(shared: &Shared, wish: &Wish, query: &str, chosen: Option<&str>) -> Markup {
    let accounts = shared.world.accounts();
    let chosen = chosen.or_else(|| accounts.first().map(|account| account.id.as_str())).unwrap_or_default();
    let host =
        Url::parse(&wish.redirect_uri).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Connect your account – Stripe simulator" }
                link rel="stylesheet" href="/oauth/authorize.css";
            }
            body {
                main {
                    p.mark { "Stripe simulator · " (if shared.options.livemode() { "live mode" } else { "test mode" }) }
                    h1 { "Connect your account to " (host) }
                    p { "The platform " code { (shared.options.client_id) } " asks to " strong { (what(wish.scope)) } "." }
                    p { (meaning(wish.scope)) }
                    form method="post" action={ "/oauth/authorize?" (query) } {
                        fieldset {
                            legend { "Which account?" }
                            @for account in accounts.iter().take(OFFERED) { (offer(account, account.id == chosen)) }
                        }
                        @if accounts.len() > OFFERED {
                            p { (accounts.len() - OFFERED) " more accounts are listed at "
                                a href="/_simulator/accounts" { "/_simulator/accounts" } "." }
                        }
                        div.buttons {
                            button type="submit" name="decision" value="approve" { "Connect account" }
                            button.plain type="submit" name="decision" value="deny" { "Deny" }
                        }
                    }
                    p.small { "You will be sent back to " code { (wish.redirect_uri) } "." }
                }
            }
        }
    }
}

fn offer(account: &AccountSummary, checked: bool) -> Markup {
    let details = format!(
        "{} · {} · {} · {} charges",
        account.description,
        account.country,
        account.default_currency.to_uppercase(),
        account.charges
    );
    html! {
        label.account {
            input type="radio" name="account" value=(account.id) checked[checked] required;
            span { strong { (account.name) } " " code { (account.id) } br; span.small { (details) } }
        }
    }
}

fn what(scope: Scope) -> &'static str {
    match scope {
        Scope::ReadOnly => "view your account (read only)",
        Scope::ReadWrite => "view and change your account (read and write)",
    }
}

fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::ReadOnly => "It can see payments, refunds, customers, payouts and the rest. It can change nothing.",
        Scope::ReadWrite => "It can see everything and act for you: refund payments, edit customers, and more.",
    }
}
