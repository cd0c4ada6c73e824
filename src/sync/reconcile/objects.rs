//! Source objects compared with what Stripe sent: what differs, and whether that is drift or the way of things.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::drift::Kind;
use serde_json::Value;

use super::super::error::Error;
use super::super::follow;
use super::super::prepare::Prepared;
use super::{Turn, work};
use store::drift::Held;
use store::verify::Scope;

/// Seconds in which the follower itself expects events and objects to come late.
const LATE: i64 = 600;
/// Links that Stripe signs anew with each answer: they differ although nothing changed.
const SIGNED: [&str; 4] = ["receipt_url", "hosted_invoice_url", "invoice_pdf", "url"];

/// A source object that is not as at Stripe.
pub struct Odd {
    /// Stripe's word.
    pub object: String,
    /// Its id.
    pub id: String,
    /// What is wrong.
    pub kind: Kind,
    /// The fields that differ.
    pub fields: Vec<String>,
    /// No drift: it changed after the events were read last.
    pub fresh: bool,
}

/// The source objects that are not as at Stripe, and which ones are here.
///
/// # Errors
/// Whatever ends a run.
pub async fn sources(
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
        let Some((kind, fields)) = unlike(work::scope(run, read_no), due, held)? else { continue };
        let fresh = is_expected(turn, due, held, kind, &fields);
        // What its own hash convicts was changed here: no event can explain that.
        unexplained |= !fresh && held.is_none_or(|held| held.sound);
        odd.push(Odd { object: due.object.clone(), id: due.id.clone(), kind, fields, fresh });
    }
    if unexplained {
        let told = Told::read(turn, &odd).await?;
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
    held.body.as_ref().is_some_and(|body| body.get("status").is_some_and(|status| status == "pending"))
}

/// Fields of a charge that change with a refund or a dispute, without an event of the charge's own.
const WITH_OTHERS: [&str; 3] = ["amount_refunded", "disputed", "refunded"];

/// What events tell that were not followed yet.
#[derive(Default)]
struct Told {
    /// Those of the odd objects that are named.
    ids: HashSet<String>,
    /// A refund or a dispute is among them.
    of_charges: bool,
}

impl Told {
    async fn read(turn: &Turn<'_>, odd: &[Odd]) -> Result<Self, Error> {
        let asked: HashSet<&str> = odd.iter().map(|one| one.id.as_str()).collect();
        let mut told = Self::default();
        let mut poll = follow::poll(turn.run, turn.known_until).await?;
        loop {
            for event in &poll.fresh {
                let Some(head) = event.data.as_ref().and_then(|data| data.object.as_ref()) else { continue };
                told.of_charges |= matches!(head.object.as_deref(), Some("refund" | "dispute"));
                told.ids.extend(head.id.clone().filter(|id| asked.contains(id.as_str())));
            }
            if !poll.has_more() {
                return Ok(told);
            }
            poll.go_on(turn.run).await?;
        }
    }

    fn explains(&self, odd: &Odd) -> bool {
        let with_others =
            || !odd.fields.is_empty() && odd.fields.iter().all(|field| WITH_OTHERS.contains(&field.as_str()));
        self.ids.contains(&odd.id) || (self.of_charges && odd.object == "charge" && with_others())
    }
}
