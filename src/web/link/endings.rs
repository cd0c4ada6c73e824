//! Every ending has its own page, with one next step.

use axum::http::StatusCode;
use maud::{Markup, html};
use uuid::Uuid;

use super::page::layout;
use connect::finish::Failure;

/// An ending that is not a success.
#[derive(Clone, Debug)]
pub enum Ending {
    /// The address is none of ours, or what it was for is gone.
    Gone,
    /// The Link URL's day is over.
    Over,
    /// The Link URL was used.
    Used,
    /// The Link URL was used, and the company is connected.
    UsedAndLinked { company: String },
    /// The integration starts no links.
    Disabled { name: Option<String> },
    /// The form is not of this browser's session, or came from another site.
    Form,
    /// This browser's session is over.
    Session,
    /// Stripe sent somebody back whom nobody had sent there.
    State,
    /// The consent began in another browser.
    Foreign,
    /// The owner stopped before a connection was made.
    Left,
    /// A consent that came to nothing, and where to try again.
    Failed { failure: Failure, company: String, again: String },
    /// Not connected, and nobody knows why.
    Unfinished { company: String, again: String },
    /// A fault of ours.
    Fault { reference: Uuid },
}

/// What a page says.
struct Words {
    status: StatusCode,
    title: &'static str,
    text: String,
    next: String,
}

impl Ending {
    /// The page.
    pub fn page(&self) -> (StatusCode, Markup) {
        let Words { status, title, text, next } = self.words();
        let body = html! {
            h1 { (title) }
            p.lead { (text) }
            h2 { "What to do now" }
            p { (next) }
            @if let Some(again) = self.again() {
                div.acts { a.act href=(again) { "Try again" } }
            }
            @if let Self::Fault { reference } = self {
                p { "Reference: " code { (reference) } }
            }
        };
        (status, layout(title, "Connect your business", &body))
    }

    /// Where one can try again at once.
    fn again(&self) -> Option<&str> {
        match self {
            Self::Failed { again, .. } | Self::Unfinished { again, .. } => Some(again),
            _ => None,
        }
    }

    fn words(&self) -> Words {
        let ask = "Ask whoever sent you this link for a new one.";
        match self {
            Self::Gone => words(
                StatusCode::NOT_FOUND,
                "This link leads nowhere",
                "It is not complete, or what it was for does not exist any more.",
                "Open the link again exactly as it was sent to you. If that does not help, ask for a new one.",
            ),
            Self::Over => words(
                StatusCode::GONE,
                "This link has expired",
                "For your safety a link works for one day. Nothing was connected.",
                ask,
            ),
            Self::Used => words(
                StatusCode::GONE,
                "This link was used already",
                "A link works once, in one browser. It was used in another one, or a while ago.",
                "If you began in another browser, go on there. Otherwise ask whoever sent you this link for a new one.",
            ),
            Self::UsedAndLinked { company } => words(
                StatusCode::OK,
                "Already connected",
                &format!("{company} is connected. This link has done its work."),
                "There is nothing to do. You can close this page.",
            ),
            Self::Disabled { name } => words(
                StatusCode::FORBIDDEN,
                "Connecting is switched off",
                &format!(
                    "{} cannot be connected at the moment. Nothing was changed.",
                    name.as_deref().unwrap_or("Stripe")
                ),
                "Whoever sent you this link can switch it on. Your link stays good until it expires.",
            ),
            Self::Form => words(
                StatusCode::FORBIDDEN,
                "Please open the link again",
                "This step did not come from the page that we showed you, or that page is too old. Nothing was changed.",
                "Go back to the link that was sent to you and open it again. Cookies have to be allowed for this site.",
            ),
            Self::Session => words(
                StatusCode::FORBIDDEN,
                "Your visit here is over",
                "This page was for the browser that connected the account, and for half an hour.",
                "To see how the connection stands or to try again, open the link that was sent to you.",
            ),
            Self::State => words(
                StatusCode::BAD_REQUEST,
                "We did not expect you back from Stripe",
                "Either this step was finished before, or it took too long, or it did not begin here. Nothing was connected \
                 by it.",
                "Open the link that was sent to you again. It shows whether the connection stands, or begins anew.",
            ),
            Self::Foreign => words(
                StatusCode::FORBIDDEN,
                "You began in another browser",
                "For your safety the step at Stripe ends in the browser that it began in. Nothing was connected by it.",
                "Go back to the browser where you opened the link, or open the link here from the start.",
            ),
            Self::Left => words(
                StatusCode::OK,
                "Nothing was connected",
                "You stopped before anything was asked of Stripe.",
                "You can close this page. The link stays good until it expires, should you change your mind.",
            ),
            Self::Failed { failure, company, .. } => failed(*failure, company),
            Self::Unfinished { company, .. } => words(
                StatusCode::OK,
                "Not connected yet",
                &format!("{company} is not connected. The last try did not come to an end."),
                "Try again. If you had approved at Stripe, you will only have to confirm it.",
            ),
            Self::Fault { .. } => words(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on our side",
                "It is not your fault, and it has been noted.",
                "Open the link again in a few minutes. If it happens again, send the reference below to whoever sent you \
                 the link.",
            ),
        }
    }
}

fn words(status: StatusCode, title: &'static str, text: &str, next: &str) -> Words {
    Words { status, title, text: text.to_owned(), next: next.to_owned() }
}

fn failed(failure: Failure, company: &str) -> Words {
    let none = format!("{company} was not connected.");
    let (title, why, next) = match failure {
        Failure::Cancelled => (
            "You cancelled",
            "You said no, and nothing is read.",
            "You can close this page, or try again should you change your mind.",
        ),
        Failure::TooLate => (
            "That took too long",
            "The step at Stripe has to end within ten minutes.",
            "Try again. It helps to sign in to Stripe first.",
        ),
        Failure::Code => (
            "Stripe did not confirm it",
            "Stripe's confirmation was no longer good when it reached us.",
            "Try again; nothing is lost.",
        ),
        Failure::Mode => (
            "That was the other mode",
            "Stripe has test accounts and live accounts, and the one that you chose is of the other kind.",
            "Try again and choose an account of the right kind. If there is none to choose, tell whoever sent you the link.",
        ),
        Failure::Scope => (
            "The permission was a different one",
            "Stripe granted something else than what was asked for, so it was given back.",
            "Tell whoever sent you the link: the integration at Stripe does not allow what it asks for.",
        ),
        Failure::Duplicate => (
            "This account is connected already",
            "Another connection of the same company reads this Stripe account already; that one goes on.",
            "There is nothing to do, unless you meant another account: then try again and choose that one.",
        ),
        Failure::OtherAccount => (
            "Nothing was changed",
            "You came back with another Stripe account than before, and chose to go back.",
            "Try again and choose the account from before.",
        ),
        Failure::Disabled => (
            "Connecting was switched off",
            "It was switched off while you were at Stripe.",
            "Whoever sent you this link can switch it on; then try again.",
        ),
        Failure::Setup => (
            "The integration needs repair",
            "Stripe does not accept the keys of this integration.",
            "Tell whoever sent you the link; only they can mend it. Then try again.",
        ),
        Failure::Unavailable => (
            "Stripe does not answer",
            "Stripe could not be reached to confirm it.",
            "Try again in a few minutes. If you had approved at Stripe, you will only have to confirm it.",
        ),
        Failure::Unknown => (
            "That did not work",
            "Stripe sent you back with an answer that we do not know. It has been noted.",
            "Try again. If it happens again, tell whoever sent you the link.",
        ),
    };
    words(StatusCode::OK, title, &format!("{none} {why}"), next)
}
