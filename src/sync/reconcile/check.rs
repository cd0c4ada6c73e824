//! A batch of objects as Stripe has them, compared with what is here, repaired and counted in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::data_type::DataType;
use entity::drift::{self, Kind, Layer};
use entity::reconciliation_part::Model;
use entity::shape::Texts;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::super::compose;
use super::super::error::Error;
use super::super::follow::{self, Found};
use super::super::keep::Page;
use super::super::prepare::{Affected, Prepared};
use super::super::streams::Stream;
use super::super::{backfill, run::Run};
use super::Turn;
use crate::store;
use crate::store::drift::Held;
use crate::store::verify::{self, Scope, Unlike};

/// Objects read by their ids at once.
const AT_ONCE: usize = 4;
/// Seconds in which the follower itself expects events and objects to come late.
const LATE: i64 = 600;
/// How an object was found to be gone.
const CAUSE: &str = "reconciliation";
/// Links that Stripe signs anew with each answer: they differ although nothing changed.
const SIGNED: [&str; 4] = ["receipt_url", "hosted_invoice_url", "invoice_pdf", "url"];

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

/// A source object that is not as at Stripe.
struct Odd {
    object: String,
    id: String,
    kind: Kind,
    fields: Vec<String>,
    /// No drift: it changed after the events were read last.
    fresh: bool,
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
                if matches!(of, Stream::Sessions | Stream::Invoices) {
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
    let whole = matches!(of, Stream::Products | Stream::Sessions | Stream::Invoices);
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

const fn scope(run: &Run, read_no: i64) -> Scope {
    Scope { connection: run.connection, read_no, highest: (run.fence() << 32) | u32::MAX as i64 }
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

/// The source objects that are not as at Stripe, and which ones are here.
async fn sources(
    turn: &Turn<'_>,
    read_no: i64,
    prepared: &Prepared,
) -> Result<(Vec<Odd>, HashSet<(String, String)>), Error> {
    let run = turn.run;
    let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &prepared.sources {
        by_kind.entry(&one.object).or_default().push(one.id.clone());
    }
    let mut kept: HashMap<(String, String), Held> = HashMap::new();
    for (object, ids) in by_kind {
        for held in store::drift::held(&run.db, run.connection, object, ids).await? {
            kept.insert((object.to_owned(), held.id.clone()), held);
        }
    }
    let live = kept.iter().filter(|(_, held)| held.live).map(|(key, _)| key.clone()).collect();
    let mut odd = Vec::new();
    let mut unexplained = false;
    for due in &prepared.sources {
        let held = kept.get(&(due.object.clone(), due.id.clone()));
        let Some((kind, fields)) = unlike(scope(run, read_no), due, held)? else { continue };
        let fresh = is_expected(turn, due, held, kind, &fields);
        // What its own hash convicts was changed here: no event can explain that.
        unexplained |= !fresh && held.is_none_or(|held| held.sound);
        odd.push(Odd { object: due.object.clone(), id: due.id.clone(), kind, fields, fresh });
    }
    if unexplained {
        let told = Told::read(turn).await?;
        for one in odd.iter_mut().filter(|one| !one.fresh) {
            let held = kept.get(&(one.object.clone(), one.id.clone()));
            one.fresh = held.is_none_or(|held| held.sound) && told.explains(one);
        }
    }
    Ok((odd, live))
}

/// What differs between an object as Stripe sent it now and as it is kept.
fn unlike(
    scope: Scope,
    due: &store::source_objects::Packed,
    held: Option<&Held>,
) -> Result<Option<(Kind, Vec<String>)>, Error> {
    let Some(held) = held.filter(|held| held.live) else { return Ok(Some((Kind::Missing, Vec::new()))) };
    if held.read_no > scope.read_no && held.read_no <= scope.highest {
        return Ok(None);
    }
    let mut fields = Vec::new();
    if held.read_no > scope.highest {
        fields.push("read_no".to_owned());
    }
    if held.created != due.created {
        fields.push("created".to_owned());
    }
    if held.parent_id != due.parent_id {
        fields.push("parent_id".to_owned());
    }
    let raw = store::source_objects::unpack(&due.body, due.codec)?;
    let theirs: Value = serde_json::from_slice(&raw).unwrap_or_default();
    match &held.body {
        Some(ours) => fields.extend(differing(&theirs, ours)),
        None => fields.push("body".to_owned()),
    }
    if fields.is_empty() && !held.sound {
        fields.push("body_hash".to_owned());
    }
    fields.sort_unstable();
    fields.dedup();
    Ok((!fields.is_empty()).then_some((Kind::Different, fields)))
}

/// The fields in which two objects differ.
fn differing(theirs: &Value, ours: &Value) -> Vec<String> {
    let (Some(left), Some(right)) = (theirs.as_object(), ours.as_object()) else {
        return if theirs == ours { Vec::new() } else { vec!["body".to_owned()] };
    };
    let names: HashSet<&String> = left.keys().chain(right.keys()).collect();
    let differs = |name: &&&String| !SIGNED.contains(&name.as_str()) && left.get(**name) != right.get(**name);
    names.iter().filter(differs).map(|name| (*name).clone()).collect()
}

/// Whether a difference is the way of things: made after the events were read last, or money that became available,
/// which no event tells.
fn is_expected(
    turn: &Turn<'_>,
    due: &store::source_objects::Packed,
    held: Option<&Held>,
    kind: Kind,
    fields: &[String],
) -> bool {
    let money = due.object == "balance_transaction";
    if kind == Kind::Missing {
        // What was marked as gone and is there again did not come late.
        let known_until = if money { turn.head.money_read_until.or(turn.head.events_from) } else { None };
        let known_until = known_until.unwrap_or(turn.known_until);
        return held.is_none() && due.created.is_some_and(|created| created >= known_until - LATE);
    }
    money && fields == ["status"] && held.is_some_and(|held| held.sound && is_pending(held))
}

fn is_pending(held: &Held) -> bool {
    held.body.as_ref().is_some_and(|body| body["status"] == "pending")
}

/// Fields of a charge that change with a refund or a dispute, without an event of the charge's own.
const WITH_OTHERS: [&str; 3] = ["amount_refunded", "disputed", "refunded"];

/// What events tell that were not followed yet.
#[derive(Default)]
struct Told {
    ids: HashSet<String>,
    /// A refund or a dispute is among them.
    of_charges: bool,
}

impl Told {
    async fn read(turn: &Turn<'_>) -> Result<Self, Error> {
        let mut told = Self::default();
        for event in follow::poll(turn.run, turn.known_until).await?.fresh {
            let Some(head) = event.data.and_then(|data| data.object) else { continue };
            told.of_charges |= matches!(head.object.as_deref(), Some("refund" | "dispute"));
            told.ids.extend(head.id);
        }
        Ok(told)
    }

    fn explains(&self, odd: &Odd) -> bool {
        let with_others =
            || !odd.fields.is_empty() && odd.fields.iter().all(|field| WITH_OTHERS.contains(&field.as_str()));
        self.ids.contains(&odd.id) || (self.of_charges && odd.object == "charge" && with_others())
    }
}

/// What one batch finds and repairs, within its transaction.
pub struct Work<'r> {
    run: &'r Run,
    scope: Scope,
    pass: entity::id::ReconciliationId,
    found: Vec<drift::Model>,
    /// The step, with what was counted so far.
    pub part: Model,
}

impl<'r> Work<'r> {
    /// Begins, based on a reading.
    pub const fn new(turn: &Turn<'r>, read_no: i64, part: Model) -> Self {
        Self { run: turn.run, scope: scope(turn.run, read_no), pass: turn.pass.id, found: Vec::new(), part }
    }

    /// Keeps the step and what was found, before the page is committed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish(self, page: &Page) -> Result<Model, Error> {
        store::drift::insert(page.tx(), self.found).await?;
        store::reconciliations::save(page.tx(), self.part.clone()).await?;
        Ok(self.part)
    }

    /// Notes something that is being repaired.
    pub fn note(&mut self, layer: Layer, data_type: DataType, object: &str, id: &str, kind: Kind, fields: Vec<String>) {
        match kind {
            Kind::Missing => self.part.missing += 1,
            Kind::Extra => self.part.extra += 1,
            Kind::Different => self.part.different += 1,
        }
        self.part.repaired += 1;
        tracing::warn!(connection.id = %self.run.connection, object, id, ?kind, ?fields, "drift is repaired");
        self.found.push(drift::Model {
            connection_id: self.run.connection,
            id: uuid::Uuid::now_v7(),
            reconciliation_id: self.pass,
            data_type,
            layer,
            object: object.to_owned(),
            object_id: id.to_owned(),
            kind,
            fields: Texts(fields),
            repaired: true,
            found_at: self.run.clock.now(),
        });
    }

    /// Objects that differ are noted, and their rows give way.
    async fn objects(&mut self, page: &Page, of: Stream, odd: &[Odd]) -> Result<(), Error> {
        let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in odd {
            by_kind.entry(&one.object).or_default().push(one.id.clone());
            if one.fresh {
                self.part.fresh += 1;
            } else {
                self.note(Layer::Object, of.data_types()[0], &one.object, &one.id, one.kind, one.fields.clone());
            }
        }
        for (object, ids) in by_kind {
            store::drift::distrust(page.tx(), self.run.connection, object, ids).await?;
        }
        Ok(())
    }

    /// Parts that hang on these objects and that Stripe does not show.
    async fn parts(&mut self, page: &mut Page, of: Stream, ids: &[String], now: &Prepared) -> Result<(), Error> {
        let connection = self.run.connection;
        if of == Stream::BalanceTransactions {
            let parents = ids.to_vec();
            let others = verify::other_parts(page.tx(), connection, parents, &now.records.transactions).await?;
            for id in others {
                self.extra_record(page, DataType::Transactions, &id).await?;
            }
        }
        if matches!(of, Stream::Sessions | Stream::Invoices) {
            let kinds = ["item", "line_item"];
            let there: HashSet<&str> = now.sources.iter().map(|one| one.id.as_str()).collect();
            let here = store::source_objects::ids_hanging_on(page.tx(), connection, &kinds, ids.to_vec()).await?;
            for (object, id) in here.into_iter().filter(|(_, id)| !there.contains(id.as_str())) {
                self.note(Layer::Object, of.data_types()[0], &object, &id, Kind::Extra, Vec::new());
                page.bury_for(&object, &id, self.scope.read_no, CAUSE).await?;
            }
        }
        Ok(())
    }

    /// Records are compared; one whose object differs is told of with its object.
    async fn records(
        &mut self,
        page: &Page,
        due: &store::bulk::Records,
        sources: &HashSet<String>,
    ) -> Result<(), Error> {
        let compared = verify::compare(page.tx(), self.scope, due).await?;
        self.part.money_there.extend(&compared.there);
        self.part.money_here.extend(&compared.here);
        self.distrust(page, compared.unlike, sources).await
    }

    async fn distrust(&mut self, page: &Page, unlike: Vec<Unlike>, sources: &HashSet<String>) -> Result<(), Error> {
        let mut by_type: BTreeMap<DataType, Vec<String>> = BTreeMap::new();
        for one in unlike {
            by_type.entry(one.data_type).or_default().push(one.id.clone());
            if !sources.contains(&one.object_id) {
                self.note(Layer::Record, one.data_type, one.data_type.as_str(), &one.id, one.kind, one.fields);
            }
        }
        for (data_type, ids) in by_type {
            verify::distrust(page.tx(), self.run.connection, data_type, ids).await?;
        }
        Ok(())
    }

    /// What several objects make together is made anew of the repaired objects, and compared. Returns what could not be
    /// made, by Stripe's word and id.
    async fn composed(
        &mut self,
        page: &mut Page,
        affected: Affected,
        sources: &HashSet<String>,
    ) -> Result<HashSet<(String, String)>, Error> {
        if affected.is_empty() {
            return Ok(HashSet::new());
        }
        let composed = compose::compose(page.tx(), self.run.connection, affected, self.run.clock.now()).await?;
        let set_aside = composed.odd.iter().map(|(object, id, _)| (object.clone(), id.clone())).collect();
        self.records(page, &composed.records, sources).await?;
        let orders: Vec<String> = composed.gone.iter().map(|(_, id)| id.clone()).collect();
        let (none, money) = verify::there(page.tx(), self.run.connection, DataType::Orders, orders).await?;
        self.part.money_here.extend(&money);
        for id in none {
            // One whose object differs is buried with the others that are no orders any more.
            if sources.contains(&id) {
                verify::distrust(page.tx(), self.run.connection, DataType::Orders, vec![id]).await?;
            } else {
                self.extra_record(page, DataType::Orders, &id).await?;
            }
        }
        page.keep_composed(composed, self.scope.read_no).await?;
        Ok(set_aside)
    }

    /// A record that nothing makes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn extra_record(&mut self, page: &mut Page, data_type: DataType, id: &str) -> Result<(), Error> {
        self.note(Layer::Record, data_type, data_type.as_str(), id, Kind::Extra, Vec::new());
        verify::distrust(page.tx(), self.run.connection, data_type, vec![id.to_owned()]).await?;
        page.bury_record(data_type, id, self.scope.read_no).await
    }

    /// An object that Stripe does not have any more, with what it made.
    async fn gone(&mut self, page: &mut Page, of: Stream, object: &str, id: &str, read_no: i64) -> Result<(), Error> {
        let connection = self.run.connection;
        let data_type = of.data_types()[0];
        let made = match of {
            Stream::BalanceTransactions => verify::other_parts(page.tx(), connection, vec![id.to_owned()], &[]).await?,
            _ => vec![id.to_owned()],
        };
        let (made, money) = verify::there(page.tx(), connection, data_type, made).await?;
        self.part.money_here.extend(&money);
        self.note(Layer::Object, data_type, object, id, Kind::Extra, Vec::new());
        store::drift::distrust(page.tx(), connection, object, vec![id.to_owned()]).await?;
        verify::distrust(page.tx(), connection, data_type, made).await?;
        page.bury_for(object, id, read_no, CAUSE).await
    }
}
