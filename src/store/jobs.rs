//! The queue: one claim statement for SQLite and PostgreSQL, leases, and keys that may not run twice at once.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use entity::id::JobId;
use entity::job::{self, Column};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, LockBehavior, LockType, OnConflict, Order, Query};
use sea_orm::{ActiveValue::Set, Condition, DbBackend, ExprTrait, FromQueryResult, QuerySelect};

use crate::Executor;
use base::boxed;
use base::clock;
use base::task::{self, Task};

/// Asks for work, in the transaction that causes it. A task that waits already is not asked for twice; one that is
/// running now runs once more afterwards.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn enqueue(db: &dyn Executor, task: &Task, run_at: DateTimeUtc) -> Result<(), DbErr> {
    let row = new(task, run_at)?;
    let (mine, new) = (Expr::col((job::Entity, Column::RunAt)), Expr::col(("excluded", Column::RunAt)));
    let earlier = CaseStatement::new().case(new.clone().lt(mine.clone()), new).finally(mine);
    let once_more = OnConflict::column(Column::Key).value(Column::Again, true).value(Column::RunAt, earlier).to_owned();
    job::Entity::insert(row).on_conflict(once_more).exec_without_returning(&db).await?;
    Ok(())
}

/// Asks for work that is welcome but not urgent: a task that waits already keeps its time, also when it waits after a
/// failure; one that is running now runs once more afterwards.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn wake(db: &dyn Executor, tasks: &[Task], run_at: DateTimeUtc) -> Result<(), DbErr> {
    let rows = tasks.iter().map(|task| new(task, run_at)).collect::<Result<Vec<_>, _>>()?;
    let once_more = OnConflict::column(Column::Key).value(Column::Again, true).to_owned();
    for rows in rows.chunks(super::ROWS) {
        job::Entity::insert_many(rows.to_vec()).on_conflict(once_more.clone()).exec_without_returning(&db).await?;
    }
    Ok(())
}

fn new(task: &Task, run_at: DateTimeUtc) -> Result<job::ActiveModel, DbErr> {
    Ok(job::ActiveModel {
        id: Set(JobId::new()),
        key: Set(task.key()),
        task: Set(serde_json::to_string(task).map_err(|error| DbErr::Custom(error.to_string()))?),
        run_at: Set(run_at),
        lease: Set(None),
        leased_until: Set(None),
        attempts: Set(0),
        again: Set(false),
        last_error: Set(None),
        created_at: Set(run_at),
    })
}

/// What leases are measured by: on PostgreSQL its own clock, the one that all processes share; on SQLite, where one
/// process works, a clock of that process which nobody can set. Wall clocks that are moved move no lease.
fn in_future(db: &dyn Executor, span: Duration) -> Expr {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let seconds = f64::from(i32::try_from(span.as_millis()).unwrap_or(i32::MAX)) / 1_000.0;
            Expr::cust_with_values("clock_timestamp() + $1 * interval '1 second'", [seconds])
        }
        _ => Expr::value(clock::steady() + TimeDelta::from_std(span).unwrap_or(TimeDelta::zero())),
    }
}

/// Jobs that nobody has: without a lease, or with one that ran out.
fn free(db: &dyn Executor) -> Condition {
    let over = Expr::col(Column::LeasedUntil).lt(in_future(db, Duration::ZERO));
    Condition::any().add(Expr::col(Column::LeasedUntil).is_null()).add(over)
}

/// Jobs that are done apart from each other: who waits for a slow receiver keeps no sync waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What is done a few at a time.
    Work,
    /// What receivers of webhooks are told.
    Webhooks,
}

impl Lane {
    fn jobs(self) -> Expr {
        let key = || Expr::col(Column::Key);
        let pattern = format!("{}%", task::WEBHOOKS);
        match self {
            Self::Work => key().not_like(pattern),
            Self::Webhooks => key().like(pattern),
        }
    }
}

/// Leases the next job that is due at `now`, of those done a few at a time. A lease that ran out is due again, so a crash
/// loses nothing.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn claim(db: &dyn Executor, now: DateTimeUtc, lease: Duration) -> Result<Option<job::Model>, DbErr> {
    claim_in(db, Lane::Work, now, lease).await
}

/// As [`claim`], of any lane.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn claim_in(
    db: &dyn Executor,
    lane: Lane,
    now: DateTimeUtc,
    lease: Duration,
) -> Result<Option<job::Model>, DbErr> {
    let next = Query::select()
        .column(Column::Id)
        .from(job::Entity)
        .and_where(Expr::col(Column::RunAt).lte(now))
        .and_where(lane.jobs())
        .cond_where(free(db))
        .order_by(Column::RunAt, Order::Asc)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked) // left out for SQLite, whose writer is alone
        .to_owned();
    let claim = Query::update()
        .table(job::Entity)
        .value(Column::Lease, Uuid::now_v7())
        .value(Column::LeasedUntil, in_future(db, lease))
        .value(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .value(Column::Again, false)
        .and_where(Expr::col(Column::Id).eq(next))
        .returning_all()
        .to_owned();
    db.query_one(&claim).await?.map(|row| job::Model::from_query_result(&row, "")).transpose()
}

/// Whether the lease still holds; if so it holds for another `lease` from now.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn renew(db: &dyn Executor, job: &job::Model, lease: Duration) -> Result<bool, DbErr> {
    let renewed = job::Entity::update_many()
        .col_expr(Column::LeasedUntil, in_future(db, lease))
        .filter(mine(job))
        .exec(&db)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Which of these tasks somebody does right now: their jobs' keys. A lease that ran out has no living owner.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn owned(db: &dyn Executor, tasks: &[Task]) -> Result<BTreeSet<String>, DbErr> {
    let keys = job::Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Expr::col(Column::Key).is_in(tasks.iter().map(Task::key)))
        .filter(Expr::col(Column::LeasedUntil).gte(in_future(db, Duration::ZERO)))
        .into_tuple::<String>()
        .all(&db)
        .await?;
    Ok(keys.into_iter().collect())
}

/// Makes jobs due that wait beyond `latest`: a pause is shorter than that, so they were put off by a clock that has been
/// set back since. Returns how many there were.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn pull_back(db: &dyn Executor, latest: DateTimeUtc, now: DateTimeUtc) -> Result<u64, DbErr> {
    let pulled = job::Entity::update_many()
        .col_expr(Column::RunAt, Expr::value(now))
        .filter(Expr::col(Column::RunAt).gt(latest))
        .filter(free(db))
        .exec(&db)
        .await?;
    Ok(pulled.rows_affected)
}

/// The work is done: the row goes, unless the same work was asked for meanwhile.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn done(db: &dyn Executor, job: &job::Model, now: DateTimeUtc) -> Result<(), DbErr> {
    let gone =
        job::Entity::delete_many().filter(mine(job)).filter(Expr::col(Column::Again).eq(false)).exec(&db).await?;
    if gone.rows_affected > 0 {
        return Ok(());
    }
    job::Entity::update_many()
        .col_expr(Column::Lease, Expr::value(None::<Uuid>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTimeUtc>))
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::RunAt, Expr::value(now))
        .filter(mine(job))
        .exec(&db)
        .await?;
    Ok(())
}

/// The work is put off, with the reason.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn later(db: &dyn Executor, job: &job::Model, run_at: DateTimeUtc, reason: &str) -> Result<(), DbErr> {
    job::Entity::update_many()
        .col_expr(Column::Lease, Expr::value(None::<Uuid>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTimeUtc>))
        .col_expr(Column::RunAt, Expr::value(run_at))
        .col_expr(Column::LastError, Expr::value(reason))
        .filter(mine(job))
        .exec(&db)
        .await?;
    Ok(())
}

/// The work stopped on its way, through no fault of its own: it is due again at once and the try does not count.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn give_back(db: &dyn Executor, job: &job::Model, now: DateTimeUtc) -> Result<(), DbErr> {
    job::Entity::update_many()
        .col_expr(Column::Lease, Expr::value(None::<Uuid>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTimeUtc>))
        .col_expr(Column::RunAt, Expr::value(now))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
        .filter(mine(job))
        .exec(&db)
        .await?;
    Ok(())
}

/// Frees every lease: for the start of the only process on a SQLite file, whose former owner cannot be alive.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn free_all(db: &dyn Executor) -> Result<u64, DbErr> {
    let freed = job::Entity::update_many()
        .col_expr(Column::Lease, Expr::value(None::<Uuid>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<DateTimeUtc>))
        .filter(Expr::col(Column::Lease).is_not_null())
        .exec(&db)
        .await?;
    Ok(freed.rows_affected)
}

/// Whether a job with this task's key waits or runs.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn exists(db: &dyn Executor, task: &Task) -> Result<bool, DbErr> {
    Ok(job::Entity::find().filter(Expr::col(Column::Key).eq(task.key())).one(&db).await?.is_some())
}

/// Which of these keys have a job that waits or runs.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn known(db: &dyn Executor, keys: &[String]) -> Result<Vec<String>, DbErr> {
    let mut known = Vec::new();
    for keys in keys.chunks(super::ROWS) {
        let rows = job::Entity::find().select_only().column(Column::Key);
        let rows = rows.filter(Expr::col(Column::Key).is_in(keys.iter().map(String::as_str)));
        known.extend(rows.into_tuple::<String>().all(&db).await?);
    }
    Ok(known)
}

/// Whether a job of those done a few at a time is due that nobody does.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn is_waited_for(db: &dyn Executor, now: DateTimeUtc) -> Result<bool, DbErr> {
    let due = job::Entity::find().filter(Expr::col(Column::RunAt).lte(now)).filter(Lane::Work.jobs()).filter(free(db));
    let due = due.one(&db).await?;
    Ok(due.is_some())
}

/// How many jobs there are.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn count(db: &dyn Executor) -> Result<u64, DbErr> {
    job::Entity::find().count(&db).await
}

fn mine(job: &job::Model) -> Condition {
    Condition::all().add(Expr::col(Column::Id).eq(job.id)).add(Expr::col(Column::Lease).eq(job.lease))
}
