//! The frame of every page, its style sheet, and the policy that it is served under.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use entity::integration::{Mode, Scope};
use maud::{DOCTYPE, Markup, html};
use url::Url;

use crate::App;
use base::vault::digest;

const STYLE: &str = include_str!("link.css");
const MARK: &str = include_str!("mark.svg");

/// The path of the icon: without one, browsers ask for `/favicon.ico`.
pub const MARK_PATH: &str = "/assets/mark.svg";

/// The style sheet's path carries a digest of it, so that a browser may keep it for ever.
pub static STYLE_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/assets/link-{}.css", &digest(STYLE.as_bytes())[..12]));

/// The style sheet.
pub async fn style(State(_): State<App>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE)
}

/// The icon.
pub async fn mark(State(_): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], MARK)
}

/// Nothing but our style sheet, and forms that end here or at Stripe: browsers hold a form's redirects to it too.
#[must_use]
pub fn policy(connect_base: &Url) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {}; base-uri 'none'; \
         frame-ancestors 'none'",
        connect_base.origin().ascii_serialization()
    )
}

/// A whole page. `head` is the line above the heading: who speaks.
#[must_use]
pub fn layout(title: &str, head: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href=(MARK_PATH) type="image/svg+xml";
                link rel="stylesheet" href=(*STYLE_PATH);
            }
            body {
                header { p.who { span.mark aria-hidden="true" {} (head) } }
                main { (body) }
            }
        }
    }
}

/// Tells test mode apart by a word, not by colour alone.
pub fn mode(mode: Mode) -> Markup {
    html! {
        @if mode == Mode::Test {
            p.banner { strong { "Test mode." } " No real money and no real customers." }
        }
    }
}

/// What is read, in the words of a shop.
pub const READ: [(&str, &str); 8] = [
    ("Your business", "its name, address and currency, as Stripe shows them"),
    ("Payments and refunds", "amounts, dates and whether they succeeded"),
    ("Fees and balance", "every movement on your Stripe balance"),
    ("Payouts", "what went to your bank, and what it was made of"),
    ("Customers", "names, e-mail addresses and addresses that you keep at Stripe"),
    ("Disputes", "payments that were contested, and how it ended"),
    ("Products and prices", "what you sell through Stripe"),
    ("Orders and payment methods", "what was bought, and how it was paid; never whole card numbers"),
];

/// What the scope means for the owner.
pub const fn meaning(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::ReadOnly => ("Reading only", "It cannot change anything, move money or refund a payment."),
        Scope::ReadWrite => {
            ("Reading and writing", "Stripe will also let it make changes, such as refunding a payment.")
        }
    }
}

/// What the scope lets one do with data, as a verb.
pub const fn verb(scope: Scope) -> &'static str {
    match scope {
        Scope::ReadOnly => "read",
        Scope::ReadWrite => "read and change",
    }
}

/// How the owner ends it.
pub fn stopping(profile: &str) -> Markup {
    html! {
        p { "At any time: in your Stripe Dashboard under Settings, Installed apps, or by asking " (profile)
            ". Reading stops at once. What was read before stays with " (profile) " until it is deleted." }
    }
}

/// The fields that every form of ours carries; the name stands before the value, as scripts expect.
pub fn hidden(form: &str, token: Option<&str>) -> Markup {
    html! {
        input type="hidden" name="form" value=(form);
        @if let Some(token) = token { input type="hidden" name="token" value=(token); }
    }
}
