//! Delivering: each consumer has a job of its own, so that one which does not answer keeps nobody waiting.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::WebhookConsumerId;
use entity::{delivery, delivery_attempt, job, webhook_consumer};
use futures::StreamExt;
use secrecy::SecretString;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Verdict, Worker};
use base::fault::{self, Point};
use connect::webhook_secrets;
use courier::{Message, Reply};
use store::deliveries::Outcome;
use store::jobs::Lane;
use store::{deliveries, webhook_consumers};

/// Messages on their way to one consumer at once.
const AT_ONCE: usize = 8;
/// Deliveries read at once.
const BATCH: u64 = 64;
/// Pauses between tries. The contract's come first; those at the end see to it that the last try is more than three days
/// after the first.
const PAUSES: [TimeDelta; 12] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
    TimeDelta::hours(10),
];
/// The answer of a receiver that wants no more, ever.
const GONE: u16 = 410;

impl Worker {
    /// Takes the jobs of the webhooks' lane until it is asked to stop, each in a task of its own; there are as many as
    /// there are consumers, of which there are few.
    pub(super) async fn telling(self: Arc<Self>, stop: CancellationToken) {
        let mut lanes = JoinSet::new();
        while !stop.is_cancelled() {
            match store::jobs::claim_in(&self.db, Lane::Webhooks, self.clock.now(), self.settings.lease).await {
                Ok(Some(job)) => {
                    let (worker, stop) = (Arc::clone(&self), stop.clone());
                    lanes.spawn(async move { worker.tell_one(&job, stop).await });
                }
                Ok(None) => self.rest(&stop).await,
                Err(error) => {
                    self.trouble.note(&error);
                    tracing::error!(%error, "the queue of webhooks does not answer");
                    self.rest(&stop).await;
                }
            }
            while lanes.try_join_next().is_some() {}
        }
        lanes.join_all().await;
    }

    async fn tell_one(&self, job: &job::Model, stop: CancellationToken) {
        if let Err(error) = self.do_claimed(job, stop).await {
            self.trouble.note(&error);
            tracing::error!(%error, job.key, "the queue of webhooks does not answer");
        }
    }

    /// Sends a consumer what is due, until nothing is.
    pub(super) async fn deliver(&self, id: WebhookConsumerId, attempts: i32, stop: &CancellationToken) -> Verdict {
        loop {
            if stop.is_cancelled() {
                return Verdict::GiveBack;
            }
            match self.deliver_some(id, stop).await {
                Ok(0) => return Verdict::Done,
                Ok(_) => {}
                Err(error) => return self.again(attempts, error.as_ref()),
            }
        }
    }

    /// Sends the next that are due; returns how many were looked at, 0 when there is nothing to send now.
    async fn deliver_some(&self, id: WebhookConsumerId, stop: &CancellationToken) -> anyhow::Result<usize> {
        let Some(consumer) = self.receiver(id).await? else { return Ok(0) };
        let due = deliveries::due(&self.db, id, self.clock.now(), BATCH).await?;
        let secrets = webhook_secrets::signing(&self.db, &self.keys, &consumer, self.clock.now()).await?;
        let tries: Vec<_> = due.iter().map(|one| self.try_one(id, one, &secrets, stop)).collect();
        let results: Vec<anyhow::Result<()>> = futures::stream::iter(tries).buffer_unordered(AT_ONCE).collect().await;
        results.into_iter().collect::<anyhow::Result<()>>()?;
        Ok(due.len())
    }

    /// The consumer, if it may be told something now.
    async fn receiver(&self, id: WebhookConsumerId) -> Result<Option<webhook_consumer::Model>, sea_orm::DbErr> {
        let row = webhook_consumers::find(&self.db, id).await?;
        let now = self.clock.now();
        Ok(row.filter(|row| !row.disabled && row.paused_until.is_none_or(|until| until <= now)))
    }

    async fn try_one(
        &self,
        id: WebhookConsumerId,
        one: &delivery::Model,
        secrets: &[SecretString],
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        // It may have been disabled, deleted or paused by what came before.
        let Some(consumer) = self.receiver(id).await?.filter(|_| !stop.is_cancelled()) else { return Ok(()) };
        let Some(event) = store::webhook_events::find(&self.db, one.event_id).await? else { return Ok(()) };
        let at = self.clock.now();
        let message = Message { url: &consumer.url, id: event.id.to_string(), at, body: &event.body, secrets };
        fault::at(Point::BeforeSend);
        let reply = self.courier.send(&message).await;
        fault::at(Point::AfterSend);
        self.keep(one, &consumer, at, reply).await?;
        Ok(())
    }

    /// One transaction: the try, what it means for the delivery, and what it means for the consumer.
    async fn keep(
        &self,
        one: &delivery::Model,
        consumer: &webhook_consumer::Model,
        at: DateTime<Utc>,
        reply: Reply,
    ) -> Result<(), sea_orm::DbErr> {
        let outcome = outcome(one, &reply, at);
        let row = delivery_attempt::Model {
            delivery_id: one.id,
            number: one.attempts + 1,
            url: consumer.url.clone(),
            sent_at: at,
            took_ms: i64::try_from(reply.took.as_millis()).unwrap_or(i64::MAX),
            status_code: reply.status.map(i32::from),
            error: reply.error.clone(),
            reply: reply.body,
            reply_is_cut: reply.is_cut,
        };
        let tx = store::write(&self.db).await?;
        if !deliveries::record(&tx, one, row, outcome).await? {
            tracing::warn!(delivery.id = %one.id, "this was tried by somebody else, or is gone: nothing of the try is kept");
            return Ok(());
        }
        let now = self.clock.now();
        if outcome == Outcome::Delivered {
            webhook_consumers::succeeded(&tx, consumer.id).await?;
            return tx.commit().await;
        }
        let since = webhook_consumers::failed(&tx, consumer.id, now, reply.paused_until).await?;
        let why = why_disabled(reply.status, since, now, self.settings.disable_after);
        if let Some(why) = why {
            webhook_consumers::disable(&tx, consumer.id, Some(why), now).await?;
        }
        tx.commit().await?;
        let error = reply.error.unwrap_or_default();
        tracing::info!(consumer.id = %consumer.id, delivery.id = %one.id, error, "a receiver did not take an event");
        if let Some(why) = why {
            tracing::warn!(consumer.id = %consumer.id, consumer.url, why, "a webhook consumer is disabled");
        }
        Ok(())
    }
}

/// What follows from a reply. Chance only ever adds to a pause, so that the schedule is not left.
fn outcome(one: &delivery::Model, reply: &Reply, now: DateTime<Utc>) -> Outcome {
    if reply.error.is_none() {
        return Outcome::Delivered;
    }
    let pause = usize::try_from(one.failures).ok().and_then(|failures| PAUSES.get(failures));
    match pause {
        Some(pause) if reply.status != Some(GONE) => {
            let at = now + *pause + *pause * rand::random_range(0..200) / 1_000;
            Outcome::Again(reply.paused_until.map_or(at, |until| Ord::max(until, at)))
        }
        _ => Outcome::GivenUp,
    }
}

/// Why a consumer is told nothing any more, if so.
fn why_disabled(
    status: Option<u16>,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    after: TimeDelta,
) -> Option<&'static str> {
    match since {
        _ if status == Some(GONE) => Some(
            "The receiver answered 410 Gone: it wants no more. Enable the consumer again when that was a mistake, and \
             recover what it missed.",
        ),
        Some(since) if now - since >= after => Some(
            "Every try has failed for days. When the receiver is mended, enable the consumer again and recover what it \
             missed.",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::id::{DeliveryId, WebhookEventId};

    fn at(failures: i32) -> delivery::Model {
        let now = DateTime::<Utc>::default();
        delivery::Model {
            id: DeliveryId::new(),
            event_id: WebhookEventId::new(),
            consumer_id: WebhookConsumerId::new(),
            event_type: String::new(),
            status: delivery::Status::Waiting,
            attempts: failures,
            failures,
            run_at: now,
            created_at: now,
            ended_at: None,
            replay_id: None,
        }
    }

    #[test]
    fn r38_tries_go_on_for_more_than_three_days_and_never_come_early() {
        let failed = Reply { status: Some(500), error: Some("answered 500".to_owned()), ..Reply::default() };
        let start = DateTime::<Utc>::default();
        for _ in 0..500 {
            let (mut now, mut failures) = (start, 0);
            while let Outcome::Again(next) = outcome(&at(failures), &failed, now) {
                let pause = PAUSES[usize::try_from(failures).unwrap()];
                assert!(next - now >= pause && next - now <= pause * 12 / 10, "{failures}: {}", next - now);
                (now, failures) = (next, failures + 1);
            }
            assert_eq!(failures, 12);
            assert!(now - start >= TimeDelta::hours(72), "{}", now - start);
        }
        let early = PAUSES[..7].iter().map(TimeDelta::num_seconds).collect::<Vec<_>>();
        assert_eq!(early, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000], "the contract's own");
    }

    #[test]
    fn r38_a_receiver_is_left_alone_for_as_long_as_it_asks() {
        let now = DateTime::<Utc>::default();
        let until = now + TimeDelta::hours(3);
        let asked = Reply { error: Some(String::new()), paused_until: Some(until), ..Reply::default() };
        assert_eq!(outcome(&at(0), &asked, now), Outcome::Again(until));
        let later = Reply { paused_until: Some(now + TimeDelta::seconds(1)), ..asked };
        assert!(matches!(outcome(&at(1), &later, now), Outcome::Again(at) if at >= now + TimeDelta::minutes(5)));
    }
}
