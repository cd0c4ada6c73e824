//! The proof, for whoever has to believe it: what was compared with Stripe, what was found and repaired, how far each data
//! type is known to be complete, and which payouts add up.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId, ReconciliationId};
use entity::reconciliation::{self, Pass, State as Standing};
use entity::reconciliation_part as part;
use entity::{drift, payout};
use futures::stream::TryStreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::Body;
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::payouts::PayoutProof;
use super::who::OfConnection;
use base::money::Decimal;
use base::task::Task;
use store::lists::Listing;
use store::records::{self, Backed};
use store::{Tx, payouts_read};
use sync::complete;
use sync::payouts::proof;
use sync::streams::Stream;

/// Reports that are shown, newest first.
const REPORTS: u64 = 10;

/// How far a connection's data is proven.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reconciliation {
    /// Passes whose time is to come, or that wait for the connection's next sync.
    pub planned: Vec<PlannedPass>,
    /// The latest passes, newest first; one that is on its way shows what it has counted so far.
    pub reports: Vec<Report>,
    /// How far each data type is known to be complete.
    pub data_types: Vec<Completeness>,
    /// The payouts by what is proven of them.
    pub payouts: Vec<PayoutsByProof>,
}

/// A pass that is to come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedPass {
    /// Its id.
    pub id: ReconciliationId,
    /// How far it reaches.
    pub pass: Pass,
    /// From when on the connection's next sync takes it up.
    pub due_date: DateTime<Utc>,
    /// Whether somebody asked for it.
    pub is_asked: bool,
}

/// What a pass compared and found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its id.
    pub id: ReconciliationId,
    /// How far it reaches.
    pub pass: Pass,
    /// Where it stands; `complete` when all of its steps came to their end.
    pub state: Standing,
    /// Whether somebody asked for it.
    pub is_asked: bool,
    /// When it began.
    pub started_date: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_date: Option<DateTime<Utc>>,
    /// Seconds from its beginning to its end.
    pub duration_seconds: Option<i64>,
    /// All that was found missing, extra or different.
    pub found: i64,
    /// All of that which was repaired.
    pub repaired: i64,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step of a pass.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// One of Stripe's lists (`charges`, `refunds`, ...); `open_objects` for what is older and not final, `records` for
    /// records that nothing makes, `payout_contents` for payouts against their transactions.
    pub step: String,
    /// The data type, of a list.
    pub data_type: Option<DataType>,
    /// What is compared was made from here on; absent when it is everything.
    pub from_date: Option<DateTime<Utc>>,
    /// Whether it came to its end.
    pub is_complete: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Objects at Stripe.
    pub objects_at_stripe: i64,
    /// Objects here, before the repair.
    pub objects_here: i64,
    /// Money at Stripe, by currency.
    pub money_at_stripe: Vec<Amount>,
    /// Money here, by currency, before the repair.
    pub money_here: Vec<Amount>,
    /// Stripe has it, and it was not here.
    pub missing: i64,
    /// It was here, and Stripe does not have it: each was read by its id before it was taken for gone.
    pub extra: i64,
    /// It was here with another content.
    pub different: i64,
    /// Repaired of these.
    pub repaired: i64,
    /// Changed at Stripe after the events were read last, so no drift; it is kept, too.
    pub changed_meanwhile: i64,
    /// Here and at Stripe, though Stripe's list leaves it out.
    pub unlisted: i64,
}

/// Money of one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// How many records.
    pub count: i64,
    /// What they add up to, in the currency's unit; null when that is beyond what can be counted.
    pub amount: Option<Decimal>,
}

/// How far a data type is known to be complete.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Completeness {
    /// The data type.
    pub data_type: DataType,
    /// What Stripe made before is not read, as the sync settings have it; null when everything is.
    pub complete_from: Option<DateTime<Utc>>,
    /// Everything that happened at Stripe up to here is kept; null when that cannot be said.
    pub complete_up_to: Option<DateTime<Utc>>,
    /// Why it cannot be said.
    pub reason: Option<String>,
    /// Objects of the type that are kept and could not be mapped: they lack their record.
    pub quarantined: u64,
}

/// Payouts of which the same is proven.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PayoutsByProof {
    /// What is proven.
    pub proof: PayoutProof,
    /// Why it is not, or what is wrong; null when it is.
    pub reason: Option<String>,
    /// How many payouts, and their amounts, by currency.
    pub amounts: Vec<Amount>,
}

impl From<complete::Completeness> for Completeness {
    fn from(one: complete::Completeness) -> Self {
        Self {
            data_type: one.data_type,
            complete_from: one.from,
            complete_up_to: one.until,
            reason: one.reason.map(str::to_owned),
            quarantined: one.quarantined,
        }
    }
}

fn amounts(money: &part::Money) -> Vec<Amount> {
    let amount = |(currency, sum): (&String, &part::Sum)| Amount {
        currency: currency.clone(),
        count: sum.count,
        amount: i64::try_from(sum.minor()).ok().map(|minor| Decimal::from_minor(minor, currency)),
    };
    money.0.iter().map(amount).collect()
}

impl From<part::Model> for Step {
    fn from(row: part::Model) -> Self {
        let list = Stream::SIDE_BY_SIDE.iter().copied().flatten().chain(&[Stream::Account]);
        let stream = list.copied().find(|stream| stream.name() == row.step);
        Self {
            data_type: stream.map(Stream::data_type),
            from_date: (row.window_from > 0).then(|| DateTime::from_timestamp(row.window_from, 0)).flatten(),
            is_complete: row.done && row.reason.is_none(),
            objects_at_stripe: row.there,
            objects_here: row.here,
            money_at_stripe: amounts(&row.money_there),
            money_here: amounts(&row.money_here),
            missing: row.missing,
            extra: row.extra,
            different: row.different,
            repaired: row.repaired,
            changed_meanwhile: row.fresh,
            unlisted: row.unlisted,
            reason: row.reason,
            step: row.step,
        }
    }
}

impl Report {
    fn new(row: &reconciliation::Model, parts: Vec<part::Model>) -> Self {
        let duration = row.started_at.zip(row.finished_at).map(|(from, until)| (until - from).num_seconds());
        Self {
            id: row.id,
            pass: row.pass,
            state: row.state,
            is_asked: row.asked,
            started_date: row.started_at,
            finished_date: row.finished_at,
            duration_seconds: duration,
            found: parts.iter().map(|part| part.missing + part.extra + part.different).sum(),
            repaired: parts.iter().map(|part| part.repaired).sum(),
            steps: parts.into_iter().map(Step::from).collect(),
        }
    }
}

impl From<reconciliation::Model> for PlannedPass {
    fn from(row: reconciliation::Model) -> Self {
        Self { id: row.id, pass: row.pass, due_date: row.due_at, is_asked: row.asked }
    }
}

/// Get the proof of a connection's data
///
/// What was compared with Stripe and when, what was found and repaired, how far each data type is known to be complete, and
/// which payouts add up to the cent.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/reconciliation",
    operation_id = "get-reconciliation", tag = "Proof",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)),
    responses((status = 200, description = "The latest reports.", body = Reconciliation), Refusals))]
pub async fn get(State(app): State<App>, of: OfConnection) -> Result<Json<Reconciliation>, Error> {
    let connection = of.connection.id;
    let tx = store::read(&app.db).await?;
    let rows = store::reconciliations::latest(&tx, connection, REPORTS).await?;
    let ids: Vec<ReconciliationId> = rows.iter().map(|row| row.id).collect();
    let mut parts: BTreeMap<ReconciliationId, Vec<part::Model>> = BTreeMap::new();
    for part in store::reconciliations::parts(&tx, connection, &ids).await? {
        parts.entry(part.reconciliation_id).or_default().push(part);
    }
    let open = store::reconciliations::open(&tx, connection).await?;
    let planned = open.into_iter().filter(|row| row.state == Standing::Planned).map(PlannedPass::from);
    let reports = rows.into_iter().map(|row| {
        let parts = parts.remove(&row.id).unwrap_or_default();
        Report::new(&row, parts)
    });
    let known = complete::of(&tx, connection, of.connection.quiet_until).await?;
    Ok(Json(Reconciliation {
        planned: planned.collect(),
        reports: reports.collect(),
        data_types: known.into_iter().map(Completeness::from).collect(),
        payouts: payouts(&tx, connection).await?,
    }))
}

async fn payouts(tx: &Tx, connection: ConnectionId) -> Result<Vec<PayoutsByProof>, Error> {
    let mut sums: BTreeMap<(PayoutProof, Option<&'static str>), part::Money> = BTreeMap::new();
    let mut rows = records::all::<payout::Entity>(tx, connection, &Listing::default(), &[]).await?;
    while let Some(Backed { record: payouts_read::Row { payout, content }, .. }) = rows.try_next().await? {
        let proof = proof(&payout, content.as_ref());
        sums.entry((PayoutProof::from(proof), proof.reason())).or_default().add(&payout.currency, payout.amount_minor);
    }
    let shown = |((proof, reason), money): ((_, Option<&str>), part::Money)| PayoutsByProof {
        proof,
        reason: reason.map(str::to_owned),
        amounts: amounts(&money),
    };
    Ok(sums.into_iter().map(shown).collect())
}

/// Which pass is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AskedPass {
    /// How far it shall reach.
    pub pass: Pass,
}

/// Ask for a pass
///
/// It is taken up by the connection's next sync, which is asked for, too. One that waits or runs already is not asked for
/// twice.
#[utoipa::path(post, path = "/companies/{companyId}/connections/{connectionId}/reconciliation",
    operation_id = "ask-for-reconciliation", tag = "Proof",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path)), request_body = AskedPass,
    responses((status = 202, description = "The pass that will be done.", body = PlannedPass), Refusals))]
pub async fn ask(
    State(app): State<App>,
    of: OfConnection,
    Body(asked): Body<AskedPass>,
) -> Result<(StatusCode, Json<PlannedPass>), Error> {
    let connection = &of.connection;
    if connection.status != entity::connection::Status::Linked {
        return Err(Error::Conflict(
            "The connection is not linked, so nothing can be compared with Stripe: the business owner links it again \
             through its Link URL."
                .to_owned(),
        ));
    }
    let now = app.clock.now();
    let tx = store::write(&app.db).await?;
    let open = store::reconciliations::open(&tx, connection.id).await?;
    let waits = |row: &&reconciliation::Model| row.pass == asked.pass && (row.asked || row.state == Standing::Running);
    let row = if let Some(row) = open.iter().find(waits) {
        row.clone()
    } else {
        let row = store::reconciliations::fresh(connection.id, asked.pass, true, now);
        store::reconciliations::insert(&tx, vec![row.clone()]).await?;
        row
    };
    tx.commit().await?;
    // After the data, in a transaction of its own: asked for once more, it is found waiting.
    store::jobs::enqueue(&app.db, &Task::Sync { connection: connection.id }, now).await?;
    Ok((StatusCode::ACCEPTED, Json(row.into())))
}

/// One thing that was not here as it is at Stripe.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Its id.
    pub id: uuid::Uuid,
    /// The pass that found it.
    pub reconciliation_id: ReconciliationId,
    /// The data type.
    pub data_type: DataType,
    /// Whether the object as Stripe sent it is meant, or the record made of it.
    pub layer: drift::Layer,
    /// Stripe's word for the object; the data type of a record.
    pub object: String,
    /// The object's or the record's id.
    pub object_id: String,
    /// What was wrong.
    pub kind: drift::Kind,
    /// The fields that differed.
    pub fields: Vec<String>,
    /// Whether it is here now as it is at Stripe.
    pub is_repaired: bool,
    /// When it was found.
    pub found_date: DateTime<Utc>,
}

impl From<drift::Model> for Drift {
    fn from(row: drift::Model) -> Self {
        Self {
            id: row.id,
            reconciliation_id: row.reconciliation_id,
            data_type: row.data_type,
            layer: row.layer,
            object: row.object,
            object_id: row.object_id,
            kind: row.kind,
            fields: row.fields.0,
            is_repaired: row.repaired,
            found_date: row.found_at,
        }
    }
}

/// List what was found
///
/// Newest first.
#[utoipa::path(get, path = "/companies/{companyId}/connections/{connectionId}/reconciliation/drift",
    operation_id = "list-drift", tag = "Proof",
    params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path), ListParams),
    responses((status = 200, description = "One page.", body = Page<Drift>), Refusals))]
pub async fn drift(State(app): State<App>, of: OfConnection, list: List) -> Result<Response, Error> {
    let listing = list.listing(&store::drift::NOUN)?;
    let tx = store::read(&app.db).await?;
    let found = store::drift::page(&tx, of.connection.id, &listing).await?;
    list.page(found, |row| Ok(Drift::from(row)))
}
