//! Connections: one company's link to one Stripe account.
//!
//! A deleted connection is not there for anyone but the job that removes the rest of it.

use entity::company;
use entity::connection::{self, Column, Status};
use entity::id::{CompanyId, ConnectionId, IntegrationId};
use entity::integration;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, OnConflict, Query};
use sea_orm::{ActiveValue::Set, EntityTrait, ExprTrait, FromQueryResult, QueryOrder, QuerySelect, Select};

use super::lists::{self, Found, Listing};
use super::{Tx, connection_faults};
use crate::Executor;
use base::boxed;

fn present() -> Select<connection::Entity> {
    connection::Entity::find().filter(Column::DeletedAt.is_null())
}

/// The company's connection. Another company's is the same as none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn owned(
    db: &dyn Executor,
    company: CompanyId,
    id: ConnectionId,
) -> Result<Option<connection::Model>, DbErr> {
    present().filter(Column::Id.eq(id)).filter(Column::CompanyId.eq(company)).one(&db).await
}

/// The connection with this id, whosever it is: for work, never for requests.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn by_id(db: &dyn Executor, id: ConnectionId) -> Result<Option<connection::Model>, DbErr> {
    present().filter(Column::Id.eq(id)).one(&db).await
}

/// The connection, deleted or not, while its row is there: for what is still to be told of it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn even_deleted(db: &dyn Executor, id: ConnectionId) -> Result<Option<connection::Model>, DbErr> {
    connection::Entity::find_by_id(id).one(&db).await
}

/// The company's connections, oldest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_company(db: &dyn Executor, company: CompanyId) -> Result<Vec<connection::Model>, DbErr> {
    present()
        .filter(Column::CompanyId.eq(company))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(&db)
        .await
}

/// One page of the company's connections, newest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn page(db: &dyn Executor, company: CompanyId, listing: &Listing) -> Result<Found<connection::Model>, DbErr> {
    lists::page(db, present().filter(Column::CompanyId.eq(company)), "created_at", listing).await
}

/// All connections that are there, oldest first: for work, never for requests.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn all_ids(db: &dyn Executor) -> Result<Vec<ConnectionId>, DbErr> {
    present().select_only().column(Column::Id).order_by_asc(Column::Id).into_tuple().all(&db).await
}

/// The connections of several companies, oldest first.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_companies(db: &dyn Executor, companies: &[CompanyId]) -> Result<Vec<connection::Model>, DbErr> {
    if companies.is_empty() {
        return Ok(Vec::new());
    }
    present()
        .filter(Column::CompanyId.is_in(companies.iter().copied()))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .all(&db)
        .await
}

/// The Linked connections of an account (`acct_...`) in one mode, over all companies.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn by_account(db: &dyn Executor, account: &str, livemode: bool) -> Result<Vec<connection::Model>, DbErr> {
    present()
        .filter(Column::AccountId.eq(account))
        .filter(Column::Livemode.eq(livemode))
        .filter(Column::Status.eq(Status::Linked))
        .all(&db)
        .await
}

/// The connections of several accounts, whatever their status and their mode.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn of_accounts(db: &dyn Executor, accounts: &[&str]) -> Result<Vec<connection::Model>, DbErr> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    present().filter(Column::AccountId.is_in(accounts.iter().copied())).all(&db).await
}

/// The company's newest connection through an integration that was never linked to an account.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn waiting(
    db: &dyn Executor,
    company: CompanyId,
    integration: IntegrationId,
) -> Result<Option<connection::Model>, DbErr> {
    present()
        .filter(Column::CompanyId.eq(company))
        .filter(Column::IntegrationId.eq(integration))
        .filter(Column::Status.eq(Status::PendingAuth))
        .filter(Column::AccountId.is_null())
        .order_by_desc(Column::CreatedAt)
        .one(&db)
        .await
}

/// How many there are with each status, over all companies.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn counts(db: &dyn Executor) -> Result<Vec<(Status, i64)>, DbErr> {
    present()
        .select_only()
        .column(Column::Status)
        .column_as(Column::Id.count(), "count")
        .group_by(Column::Status)
        .into_tuple()
        .all(&db)
        .await
}

/// Makes one that waits for its owner's consent.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn create(
    db: &dyn Executor,
    company: CompanyId,
    integration: IntegrationId,
    now: DateTimeUtc,
) -> Result<connection::Model, DbErr> {
    create_as(db, ConnectionId::new(), company, integration, now).await
}

/// As [`create`], with an id that is known already; when two do so at once, the second finds what the first made.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn create_as(
    db: &dyn Executor,
    id: ConnectionId,
    company: CompanyId,
    integration: IntegrationId,
    now: DateTimeUtc,
) -> Result<connection::Model, DbErr> {
    let row = connection::Model {
        id,
        company_id: company,
        integration_id: integration,
        status: Status::PendingAuth,
        account_id: None,
        account_name: None,
        livemode: None,
        scope: None,
        link_serial: 0,
        errors: Vec::new(),
        created_at: now,
        linked_at: None,
        ended_at: None,
        last_sync_at: None,
        next_sync_at: None,
        next_pass_at: None,
        quiet_until: None,
        reads: connection::Reads::default(),
        deleted_at: None,
    };
    let keep_first = OnConflict::column(Column::Id).do_nothing().to_owned();
    let insert = connection::Entity::insert(connection::ActiveModel::from(row.clone())).on_conflict(keep_first);
    insert.exec_without_returning(&db).await?;
    Ok(row)
}

/// What an owner granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The account, `acct_...`.
    pub account_id: String,
    /// What it calls itself, where that could be read.
    pub account_name: Option<String>,
    /// Its mode.
    pub livemode: bool,
    /// The scope as Stripe says it.
    pub scope: String,
}

/// Marks one Linked and due at once; what was wrong before is resolved.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_linked(db: &dyn Executor, id: ConnectionId, granted: Granted, now: DateTimeUtc) -> Result<(), DbErr> {
    let row = connection::ActiveModel {
        status: Set(Status::Linked),
        account_id: Set(Some(granted.account_id)),
        account_name: Set(granted.account_name),
        livemode: Set(Some(granted.livemode)),
        scope: Set(Some(granted.scope)),
        linked_at: Set(Some(now)),
        ended_at: Set(None),
        next_sync_at: Set(Some(now)),
        ..Default::default()
    };
    update(db, id, row).await?;
    connection_faults::resolve_all(db, id, now).await
}

/// Ends a Linked one: `Unlinked` from here, `Deauthorized` at Stripe. Its schedule ends, and with it what was wrong with
/// its syncs; its data stays. `false` when it was not Linked (any more).
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_ended(db: &dyn Executor, id: ConnectionId, status: Status, now: DateTimeUtc) -> Result<bool, DbErr> {
    let row = connection::ActiveModel {
        status: Set(status),
        ended_at: Set(Some(now)),
        next_sync_at: Set(None),
        ..Default::default()
    };
    let linked =
        connection::Entity::update_many().set(row).filter(Column::Id.eq(id)).filter(Column::Status.eq(Status::Linked));
    let was_linked = linked.exec(&db).await?.rows_affected == 1;
    if was_linked {
        connection_faults::resolve_all(db, id, now).await?;
    }
    Ok(was_linked)
}

/// Marks one deleted: from now on it is not there.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_deleted(db: &dyn Executor, id: ConnectionId, now: DateTimeUtc) -> Result<(), DbErr> {
    let row = connection::ActiveModel { deleted_at: Set(Some(now)), next_sync_at: Set(None), ..Default::default() };
    update(db, id, row).await
}

/// Removes the row itself: the last step of the job that removes what a deleted connection left.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn erase(db: &dyn Executor, id: ConnectionId) -> Result<(), DbErr> {
    connection::Entity::delete_by_id(id).exec(&db).await?;
    Ok(())
}

/// Linked connections of usable integrations whose time has come, for a sync or for a pass of reconciliation, the longest
/// waiting for a sync first, at most `limit`.
///
/// An integration that is switched off, or whose key Stripe refused, has none.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn due(db: &dyn Executor, now: DateTimeUtc, limit: u64) -> Result<Vec<connection::Model>, DbErr> {
    let usable = Query::select()
        .column(integration::Column::Id)
        .from(integration::Entity)
        .and_where(integration::Column::Enabled.eq(true))
        .and_where(integration::Column::RefusedAt.is_null())
        .to_owned();
    present()
        .filter(Column::Status.eq(Status::Linked))
        .filter(Column::NextSyncAt.lte(now).or(Column::NextPassAt.lte(now)))
        .filter(Column::IntegrationId.in_subquery(usable))
        .order_by_asc(Column::NextSyncAt)
        .limit(limit)
        .all(&db)
        .await
}

/// When a connection's time comes; never, where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// Its next sync.
    pub sync: Option<DateTimeUtc>,
    /// Its next pass of reconciliation.
    pub pass: Option<DateTimeUtc>,
}

/// Sets when a Linked connection is due next.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn reschedule(db: &dyn Executor, id: ConnectionId, next: Next) -> Result<(), DbErr> {
    let row =
        connection::ActiveModel { next_sync_at: Set(next.sync), next_pass_at: Set(next.pass), ..Default::default() };
    update_linked(db, id, row).await
}

/// Which connections are meant.
#[derive(Clone, Copy, Debug)]
pub enum Among {
    /// An integration's.
    Integration(IntegrationId),
    /// A company's.
    Company(CompanyId),
    /// All of them.
    All,
}

/// A connection as far as its schedule is concerned.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Scheduled {
    /// The connection.
    pub id: ConnectionId,
    /// Its company.
    pub company_id: CompanyId,
    /// Its integration.
    pub integration_id: IntegrationId,
    /// When it is due.
    pub next_sync_at: Option<DateTimeUtc>,
}

/// The Linked connections that have a schedule, or have been read since they were linked, by company; held against others
/// until the transaction ends. One that was adopted is left out until somebody asks for its data.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hold_asked(tx: &Tx, among: Among) -> Result<Vec<Scheduled>, DbErr> {
    let linked = present().filter(Column::Status.eq(Status::Linked));
    let meant = match among {
        Among::Integration(id) => linked.filter(Column::IntegrationId.eq(id)),
        Among::Company(id) => linked.filter(Column::CompanyId.eq(id)),
        Among::All => linked,
    };
    let is_read = Expr::col(Column::LastSyncAt).gte(Expr::col(Column::LinkedAt));
    meant
        .select_only()
        .columns([Column::Id, Column::CompanyId, Column::IntegrationId, Column::NextSyncAt])
        .filter(Column::NextSyncAt.is_not_null().or(is_read))
        .order_by_asc(Column::CompanyId)
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .into_model()
        .all(tx)
        .await
}

/// Sets when each of these connections is due next, many in one statement.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_due(tx: &Tx, due: &[(ConnectionId, DateTimeUtc)]) -> Result<(), DbErr> {
    for some in due.chunks(super::ROWS) {
        let its_own = some
            .iter()
            .fold(CaseStatement::new(), |times, (id, at)| times.case(Expr::col(Column::Id).eq(*id), Expr::value(*at)));
        connection::Entity::update_many()
            .col_expr(Column::NextSyncAt, its_own.into())
            .filter(Column::Id.is_in(some.iter().map(|(id, _)| *id)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Ends the schedules of these connections, and with them what was planned to compare them with Stripe.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_unplanned(tx: &Tx, ids: &[ConnectionId]) -> Result<(), DbErr> {
    for ids in ids.chunks(super::ROWS) {
        let row = connection::ActiveModel { next_sync_at: Set(None), next_pass_at: Set(None), ..Default::default() };
        let some = connection::Entity::update_many().filter(Column::Id.is_in(ids.iter().copied()));
        some.set(row).exec(tx).await?;
    }
    Ok(())
}

/// A connection that ended in the meantime gets no new schedule.
async fn update_linked(db: &dyn Executor, id: ConnectionId, row: connection::ActiveModel) -> Result<(), DbErr> {
    connection::Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(Status::Linked))
        .filter(Column::DeletedAt.is_null())
        .exec(&db)
        .await?;
    Ok(())
}

/// Notes that a look at Stripe found nothing new: what is kept is as of `at`, events are known up to the Unix second
/// `quiet_until`, and it is due next at `next`. It is the one write of an idle cycle.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_quiet(
    db: &dyn Executor,
    id: ConnectionId,
    next: Next,
    quiet_until: i64,
    reads: connection::Reads,
    at: DateTimeUtc,
) -> Result<(), DbErr> {
    let row = connection::ActiveModel {
        next_sync_at: Set(next.sync),
        next_pass_at: Set(next.pass),
        quiet_until: Set(Some(quiet_until)),
        reads: Set(reads),
        last_sync_at: Set(Some(at)),
        ..Default::default()
    };
    update_linked(db, id, row).await
}

/// Makes connections due that were synced in the future: the clock has been set back since, and what it told is not to be
/// waited for. Returns how many there were.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn pull_back(db: &dyn Executor, now: DateTimeUtc) -> Result<u64, DbErr> {
    /// Clocks of two machines differ by less.
    const APART: chrono::Duration = chrono::Duration::minutes(1);
    let due =
        connection::ActiveModel { next_sync_at: Set(Some(now)), last_sync_at: Set(Some(now)), ..Default::default() };
    let pulled = connection::Entity::update_many()
        .set(due)
        .filter(Column::Status.eq(Status::Linked))
        .filter(Column::DeletedAt.is_null())
        .filter(Column::NextSyncAt.is_not_null())
        .filter(Column::LastSyncAt.gt(now + APART))
        .exec(&db)
        .await?;
    Ok(pulled.rows_affected)
}

/// Notes that data was read to its end, at the connection and at its company.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_synced(db: &dyn Executor, id: ConnectionId, at: DateTimeUtc) -> Result<(), DbErr> {
    let owner =
        Query::select().column(Column::CompanyId).from(connection::Entity).and_where(Column::Id.eq(id)).to_owned();
    company::Entity::update_many()
        .set(company::ActiveModel { last_sync_at: Set(Some(at)), ..Default::default() })
        .filter(company::Column::Id.in_subquery(owner))
        .exec(&db)
        .await?;
    update(db, id, connection::ActiveModel { last_sync_at: Set(Some(at)), ..Default::default() }).await
}

/// Keeps how many requests were sent to Stripe.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_reads(db: &dyn Executor, id: ConnectionId, reads: connection::Reads) -> Result<(), DbErr> {
    update(db, id, connection::ActiveModel { reads: Set(reads), ..Default::default() }).await
}

/// Counts requests that were sent to Stripe on a day.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count_reads(tx: &Tx, id: ConnectionId, day: Date, more: i64) -> Result<(), DbErr> {
    let Some(row) = hold(tx, id).await? else { return Ok(()) };
    set_reads(tx, id, row.reads.and(day, more)).await
}

/// The connection, held against others until the transaction ends.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn hold(db: &dyn Executor, id: ConnectionId) -> Result<Option<connection::Model>, DbErr> {
    present().filter(Column::Id.eq(id)).lock_exclusive().one(&db).await
}

/// Keeps what the account calls itself.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn set_account_name(db: &dyn Executor, id: ConnectionId, name: &str) -> Result<(), DbErr> {
    update(db, id, connection::ActiveModel { account_name: Set(Some(name.to_owned())), ..Default::default() }).await
}

pub(super) async fn update(db: &dyn Executor, id: ConnectionId, row: connection::ActiveModel) -> Result<(), DbErr> {
    connection::Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(&db).await?;
    Ok(())
}
