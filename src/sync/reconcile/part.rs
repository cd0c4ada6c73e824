//! The steps of a pass, and how each one's checkpoint and counts are kept.

use entity::reconciliation::Pass;
use entity::reconciliation_part::{Model, Money};
use entity::shape::Texts;

use super::super::error::Error;
use super::super::run::Run;
use super::super::streams::Stream;
use super::Turn;
use base::boxed;

/// One step of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One of Stripe's lists.
    List(Stream),
    /// What was made before the lists begin and is not final yet.
    Open,
    /// Records that no object makes.
    Records,
    /// What payouts are made of.
    Contents,
}

/// The money: what changes long after it was made.
const MONEY: [Step; 8] = [
    Step::List(Stream::Charges),
    Step::List(Stream::Refunds),
    Step::List(Stream::Disputes),
    Step::List(Stream::BalanceTransactions),
    Step::List(Stream::Payouts),
    Step::Open,
    Step::Records,
    Step::Contents,
];

/// Everything. Charges come before the orders that they pay, prices before the products that they are of.
const ALL: [Step; 14] = [
    Step::List(Stream::Account),
    Step::List(Stream::Customers),
    Step::List(Stream::Charges),
    Step::List(Stream::Refunds),
    Step::List(Stream::Disputes),
    Step::List(Stream::BalanceTransactions),
    Step::List(Stream::Payouts),
    Step::List(Stream::Prices),
    Step::List(Stream::Products),
    Step::List(Stream::Sessions),
    Step::List(Stream::Invoices),
    Step::List(Stream::Subscriptions),
    Step::Records,
    Step::Contents,
];

/// The steps of a pass, in their order.
#[must_use]
pub const fn steps(pass: Pass) -> &'static [Step] {
    match pass {
        Pass::Nightly | Pass::Weekly => &MONEY,
        Pass::Full => &ALL,
    }
}

impl Step {
    /// Its name in the report; never changed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List(stream) => stream.name(),
            Self::Open => "open_objects",
            Self::Records => "records",
            Self::Contents => "payout_contents",
        }
    }
}

/// A step that nothing has happened to.
pub fn fresh(turn: &Turn<'_>, step: Step) -> Model {
    let window_from = match step {
        Step::List(stream) => turn.from(stream),
        _ => super::plan::days(turn.pass.pass).map_or(0, |days| turn.started() - days * 86_400),
    };
    Model {
        connection_id: turn.run.connection,
        reconciliation_id: turn.pass.id,
        step: step.name().to_owned(),
        window_from,
        cursor: None,
        edge: None,
        edge_ids: Texts::default(),
        done: false,
        reason: None,
        failures: 0,
        there: 0,
        here: 0,
        money_there: Money::default(),
        money_here: Money::default(),
        missing: 0,
        extra: 0,
        different: 0,
        repaired: 0,
        fresh: 0,
        unlisted: 0,
        started_at: turn.run.clock.now(),
        finished_at: None,
    }
}

/// Keeps a step as it is now.
///
/// # Errors
/// When the database does not answer, or another run has taken the connection.
#[boxed]
pub async fn save(run: &Run, part: &Model) -> Result<(), Error> {
    let page = run.page().await?;
    store::reconciliations::save(page.tx(), part.clone()).await?;
    page.commit().await?;
    Ok(())
}

/// Ends a step, with the reason when it did not come to its end.
///
/// # Errors
/// As [`save`].
#[boxed]
pub async fn end(run: &Run, part: &mut Model, reason: Option<String>) -> Result<(), Error> {
    part.done = true;
    part.reason = part.reason.take().or(reason);
    part.finished_at = Some(run.clock.now());
    save(run, part).await
}
