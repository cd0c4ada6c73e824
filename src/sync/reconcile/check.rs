//! A batch of objects as Stripe has them, compared with what is here, repaired and counted in one transaction.

use std::collections::HashSet;

use entity::reconciliation_part::Model;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::super::backfill;
use super::super::error::Error;
use super::super::follow::{self, Found};
use super::super::prepare::{Affected, Prepared};
use super::super::streams::Stream;
use super::Turn;
use super::objects::{Odd, sources};
use super::work::Work;

/// Objects read by their ids at once.
const AT_ONCE: usize = 4;
/// Objects as Stripe has them now.
pub struct Batch {
    /// The lowest number of the readings.
    pub read_no: i64,
    /// Stripe's word, id and JSON of each.
    pub raws: Vec<(String, String, String)>,
    /// What is to be kept of them and their parts.
    pub prepared: Prepared,
    /// Objects that are here, and gone at Stripe.
    pub gone: Vec<(String, String, i64)>,
    /// Objects that a list left out and that are there all the same.
    pub unlisted: usize,
}

/// Stripe's word for the objects of a stream.
#[must_use]
pub const fn object(stream: Stream) -> &'static str {
    match stream {
        Stream::Account => "account",
        Stream::Customers => "customer",
        Stream::Charges => "charge",
        Stream::Refunds => "refund",
        Stream::BalanceTransactions => "balance_transaction",
        Stream::Payouts => "payout",
        Stream::Disputes => "dispute",
        Stream::Prices => "price",
        Stream::Products => "product",
        Stream::Sessions => "checkout.session",
        Stream::Invoices => "invoice",
        Stream::Subscriptions => "subscription",
    }
}

/// Reads objects by their ids into a batch: what a list left out, or what is not final.
///
/// # Errors
/// Whatever ends a run.
pub async fn read_again(turn: &Turn<'_>, of: Stream, ids: &[String], batch: &mut Batch) -> Result<(), Error> {
    let run = turn.run;
    let mut reads = Vec::with_capacity(ids.len());
    for id in ids {
        reads.push(async move { Ok::<_, Error>((id, follow::retrieve(run, of, id).await?)) }.boxed());
    }
    let found: Vec<_> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    for (id, found) in found {
        match found {
            Found::Object(read_no, raw) => {
                batch.read_no = batch.read_no.min(read_no);
                batch.prepared.add(run.connection, &raw, None);
                if !of.parts().is_empty() {
                    backfill::read_rest(run, &raw, &mut batch.prepared).await?;
                }
                batch.raws.push((object(of).to_owned(), id.clone(), raw));
                batch.unlisted += 1;
            }
            Found::Gone(read_no) => batch.gone.push((object(of).to_owned(), id.clone(), read_no)),
        }
    }
    Ok(())
}

/// Compares a batch, repairs what differs, and keeps `part` with its counts, all in one transaction.
///
/// # Errors
/// Whatever ends a run.
pub async fn keep(turn: &Turn<'_>, of: Stream, batch: Batch, mut part: Model) -> Result<Model, Error> {
    let run = turn.run;
    let Batch { read_no, raws, mut prepared, gone, .. } = batch;
    let (odd, live) = sources(turn, read_no, &prepared).await?;
    let tops: HashSet<(&str, &str)> = raws.iter().map(|(object, id, _)| (object.as_str(), id.as_str())).collect();
    part.there += i64::try_from(raws.len()).unwrap_or(i64::MAX);
    // What the list left out was counted as here already.
    let listed_live = live.iter().filter(|(object, id)| tops.contains(&(object.as_str(), id.as_str()))).count();
    part.here += i64::try_from(listed_live.saturating_sub(batch.unlisted)).unwrap_or(i64::MAX);

    // What several objects make together is compared once its own objects are right; elsewhere only what a repaired
    // object is a part of is made anew.
    let whole = of == Stream::Products || !of.parts().is_empty();
    let composed = if whole { std::mem::take(&mut prepared.affected) } else { Affected::default() };
    let sound = if whole { std::mem::take(&mut prepared.sound) } else { Vec::new() };
    if !whole {
        prepared.affected = affected(&odd, &raws);
    }
    let mut page = run.page().await?;
    let mut work = Work::new(turn, read_no, part);
    work.objects(&page, of, &odd).await?;
    let parents: Vec<String> = raws.iter().map(|(_, id, _)| id.clone()).collect();
    work.parts(&mut page, of, &parents, &prepared).await?;
    let sources: HashSet<String> = odd.into_iter().map(|one| one.id).collect();
    work.records(&page, &prepared.records, &sources).await?;
    page.keep(prepared, read_no).await?;
    let set_aside = work.composed(&mut page, composed, &sources).await?;
    page.release(sound.into_iter().filter(|one| !set_aside.contains(one)).collect()).await?;
    for (object, id, read_no) in gone {
        work.gone(&mut page, of, &object, &id, read_no).await?;
    }
    let part = work.finish(&page).await?;
    page.commit().await?;
    Ok(part)
}

/// The account's record is compared with what its kept objects make; the objects themselves change without events.
///
/// # Errors
/// Whatever ends a run.
pub async fn account(turn: &Turn<'_>, part: &mut Model) -> Result<(), Error> {
    let run = turn.run;
    backfill::account(run, &[]).await?;
    let mut page = run.page().await?;
    let mut work = Work::new(turn, run.read_no(), part.clone());
    work.part.there += 1;
    work.part.here += 1;
    work.composed(&mut page, Affected { account: true, ..Affected::default() }, &HashSet::new()).await?;
    *part = work.finish(&page).await?;
    page.commit().await?;
    Ok(())
}

/// What the repaired objects are parts of.
fn affected(odd: &[Odd], raws: &[(String, String, String)]) -> Affected {
    let repaired: HashSet<&str> = odd.iter().map(|one| one.id.as_str()).collect();
    let mut again = Prepared::default();
    for (_, _, raw) in raws.iter().filter(|(_, id, _)| repaired.contains(id.as_str())) {
        again.add(entity::id::ConnectionId(uuid::Uuid::nil()), raw, None);
    }
    again.affected
}
