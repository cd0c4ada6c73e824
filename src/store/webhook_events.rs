//! What is told outside, and the first queueing of it for those who are told.

use entity::id::{CompanyId, ConnectionId, DeliveryId, WebhookEventId};
use entity::webhook_event::{self, Column, Model};
use entity::{delivery, webhook_consumer};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ExprTrait, IntoActiveModel, QuerySelect};

use super::{Tx, webhook_consumers};
use crate::Executor;
use base::boxed;

/// Keeps an event, and queues it for each enabled consumer that is told of its kind and of its company. Call it in the
/// transaction of the change that it tells of, and last: what it writes is waited for by others. An event that is there
/// already is not told twice.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn tell(tx: &Tx, event: Model) -> Result<(), DbErr> {
    let (id, now, kind) = (event.id, event.created_at, event.event_type.clone());
    let receivers = webhook_consumers::enabled(tx).await?;
    let receivers = receivers.into_iter().filter(|consumer| is_for(&event, consumer));
    let rows: Vec<_> = receivers
        .map(|consumer| delivery::Model {
            id: DeliveryId::new(),
            event_id: id,
            consumer_id: consumer.id,
            event_type: kind.clone(),
            status: delivery::Status::Waiting,
            attempts: 0,
            failures: 0,
            run_at: now,
            created_at: now,
            ended_at: None,
            replay_id: None,
        })
        .collect();
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let insert = webhook_event::Entity::insert(event.into_active_model()).on_conflict(there);
    if insert.exec_without_returning(tx).await? == 0 || rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    delivery::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Whether a consumer is told of an event: of its kind, by name, by a beginning such as `connection.*`, or by `*`; and of
/// its company, by any tag. A test goes to its one consumer.
#[must_use]
pub fn is_for(event: &Model, consumer: &webhook_consumer::Model) -> bool {
    if let Some(only) = event.consumer_id {
        return only == consumer.id;
    }
    let of_kind = |asked: &String| match asked.strip_suffix('*') {
        Some(beginning) => event.event_type.starts_with(beginning),
        None => *asked == event.event_type,
    };
    let tags = &consumer.company_tags.0;
    consumer.event_types.0.iter().any(of_kind)
        && (tags.is_empty() || tags.iter().any(|tag| event.company_tags.0.contains(tag)))
}

/// An event.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn find(db: &dyn Executor, id: WebhookEventId) -> Result<Option<Model>, DbErr> {
    webhook_event::Entity::find_by_id(id).one(&db).await
}

/// Marks everything that was told of a connection: it goes as soon as nobody waits for it.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget_connection(db: &dyn Executor, id: ConnectionId) -> Result<(), DbErr> {
    forget(db, Column::ConnectionId.eq(id)).await
}

/// As [`forget_connection`], for everything that was told of a company.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn forget_company(db: &dyn Executor, id: CompanyId) -> Result<(), DbErr> {
    forget(db, Column::CompanyId.eq(id)).await
}

async fn forget(db: &dyn Executor, which: Expr) -> Result<(), DbErr> {
    webhook_event::Entity::update_many()
        .col_expr(Column::IsBrief, Expr::value(true))
        .filter(which)
        .filter(Column::IsBrief.eq(false))
        .exec(&db)
        .await?;
    Ok(())
}

/// Ids of events that go: those of what was deleted, and those from before a time; in both cases once nobody waits for
/// them. At most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn to_remove(
    db: &dyn Executor,
    before: Option<DateTimeUtc>,
    limit: u64,
) -> Result<Vec<WebhookEventId>, DbErr> {
    let waited_for = Query::select()
        .expr(Expr::value(1))
        .from(delivery::Entity)
        .and_where(Expr::col((delivery::Entity, delivery::Column::EventId)).equals((webhook_event::Entity, Column::Id)))
        .and_where(delivery::Column::Status.eq(delivery::Status::Waiting))
        .to_owned();
    let over = match before {
        Some(before) => Column::CreatedAt.lt(before),
        None => Column::IsBrief.eq(true),
    };
    webhook_event::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(over)
        .filter(Expr::exists(waited_for).not())
        .limit(limit)
        .into_tuple()
        .all(&db)
        .await
}

/// Removes events with their deliveries and the tries of these. Returns how many events.
///
/// # Errors
/// When the database does not answer.
#[boxed]
pub async fn remove(tx: &Tx, ids: &[WebhookEventId]) -> Result<u64, DbErr> {
    super::deliveries::remove_of_events(tx, ids).await?;
    let gone = webhook_event::Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(tx).await?;
    Ok(gone.rows_affected)
}

#[cfg(test)]
mod tests {
    use entity::id::WebhookConsumerId;
    use entity::shape::Texts;

    use super::*;

    fn consumer(kinds: &[&str], tags: &[&str]) -> webhook_consumer::Model {
        let texts = |all: &[&str]| Texts(all.iter().map(|one| (*one).to_owned()).collect());
        webhook_consumer::Model {
            id: WebhookConsumerId::new(),
            url: String::new(),
            disabled: false,
            event_types: texts(kinds),
            company_tags: texts(tags),
            secret: String::new(),
            created_at: DateTimeUtc::default(),
            previous_secret: None,
            previous_secret_until: None,
            disabled_reason: None,
            disabled_at: None,
            failing_since: None,
            paused_until: None,
        }
    }

    #[test]
    fn a_consumer_is_told_of_its_kinds_and_of_companies_with_any_of_its_tags() {
        let event = Model {
            id: WebhookEventId::new(),
            event_type: "connection.created".to_owned(),
            company_id: None,
            connection_id: None,
            consumer_id: None,
            company_tags: Texts(vec!["region:uk".to_owned(), "plan:a".to_owned()]),
            body: String::new(),
            is_brief: false,
            created_at: DateTimeUtc::default(),
        };
        for (kinds, tags, told) in [
            (&["connection.created"][..], &[][..], true),
            (&["company.created", "connection.created"], &[], true),
            (&["connection.*"], &[], true),
            (&["*"], &["region:us", "plan:a"], true),
            (&["connection"], &[], false),
            (&["company.*"], &[], false),
            (&["connection.created"], &["region:us"], false),
            (&["connection.created"], &["Region:uk"], false),
        ] {
            assert_eq!(is_for(&event, &consumer(kinds, tags)), told, "{kinds:?} {tags:?}");
        }
        let only = consumer(&["none"], &["none:none"]);
        let test = Model { consumer_id: Some(only.id), ..event };
        assert!(is_for(&test, &only) && !is_for(&test, &consumer(&["*"], &[])));
    }
}
