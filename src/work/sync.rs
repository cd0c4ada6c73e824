//! Doing a sync: who may read, what follows from how it ended.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::connection::{self, Status};
use entity::dataset::Status as Word;
use entity::id::ConnectionId;
use entity::{connection as link, integration};
use tokio_util::sync::CancellationToken;

use super::{Verdict, Worker, inbox, put_off};
use base::fault::{self, Point};
use store::connections::Next;
use stripe::error::Error as Refusal;
use sync::error::Error;
use sync::run::{Before, Ended, Run};
use sync::schedule::{self, Plan};
use sync::told;

/// Tries of a sync that Stripe does not answer, before its datasets say so and end. It goes on trying: then each try is one
/// request, a probe.
const TRIES: i32 = 8;
/// The longest pause between two probes, so that all is well again within two minutes of Stripe's return.
const LONGEST_PROBE: TimeDelta = TimeDelta::seconds(100);

/// How long a secret key that Stripe refused is left alone: then one sync asks with it again.
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(1);

/// When something is tried again, for whoever waits for it.
fn next_try(at: DateTime<Utc>) -> String {
    format!("Next try at {}, by itself", at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Why nothing is read through an integration, for whoever waits for it.
fn key_refused(integration: &integration::Model) -> String {
    format!("Stripe refuses the secret key of {}: an admin sets a valid one.", integration.name)
}

/// A sync cannot begin.
enum Hindrance {
    /// Its datasets end so, with this reason.
    End(Word, &'static str),
    /// It waits, with this reason.
    Wait(String),
    /// There is no such connection any more.
    Gone,
    /// Ours, or passing.
    Fault(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Hindrance {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl Worker {
    pub(super) async fn sync(&self, connection: ConnectionId, attempts: i32, stop: CancellationToken) -> Verdict {
        let left = match self.local(connection, attempts, stop.clone()).await {
            Ok(left) => left,
            Err(verdict) => return verdict,
        };
        match self.sync_with_stripe(connection, attempts, stop).await {
            Verdict::Done if left => Verdict::More,
            verdict => verdict,
        }
    }

    async fn sync_with_stripe(&self, connection: ConnectionId, attempts: i32, stop: CancellationToken) -> Verdict {
        let (row, integration, mut run) = match self.prepare(connection, stop.clone()).await {
            Ok(ready) => ready,
            Err(Hindrance::Gone) => return self.unhint(connection, attempts, Verdict::Done).await,
            Err(Hindrance::End(word, reason)) => {
                let verdict = self.end(connection, word, reason, Verdict::Done).await;
                return self.unhint(connection, attempts, verdict).await;
            }
            Err(Hindrance::Wait(reason)) => {
                self.wait(connection, &reason).await;
                return self.later(attempts, reason);
            }
            Err(Hindrance::Fault(error)) => {
                tracing::error!(error = format!("{error:#}"), connection.id = %connection, "a sync cannot begin");
                return self.again(attempts, error.as_ref());
            }
        };
        run.before = match attempts {
            ..=1 => Before::Well,
            2..=TRIES => Before::Failed,
            _ => Before::Silent,
        };
        let (ended, uncounted) = self.counted(&mut run).await;
        let fence = run.fence();
        let error = match ended {
            Ok(ended) => match self.ended(&row, &integration, &run, ended, uncounted).await {
                Ok(verdict) => {
                    self.trouble.over();
                    if matches!(ended, Ended::Done { .. }) {
                        self.keep_days(connection, &stop).await;
                    }
                    return verdict;
                }
                Err(error) => return self.again(attempts, &error),
            },
            Err(error) => error,
        };
        // Whoever has taken the connection meanwhile has the last word on its datasets.
        if self.is_taken(connection, fence).await {
            return Verdict::Lost;
        }
        let noted = async {
            if matches!(error, Error::Held { .. }) {
                // What webhooks named was followed, beside the list that did not come.
                store::stripe_events::read(&self.db, &run.hints, self.clock.now()).await?;
            }
            self.count_reads(row.id, uncounted).await
        };
        match noted.await {
            Ok(()) => self.failed(&row, &integration, attempts, error).await,
            Err(error) => self.again(attempts, &error),
        }
    }

    /// Whether a later run than the one with this fence has the connection.
    async fn is_taken(&self, connection: ConnectionId, fence: i64) -> bool {
        let head = store::sync_heads::find(&self.db, connection).await;
        fence > 0 && head.is_ok_and(|head| head.is_none_or(|head| head.fence != fence))
    }

    async fn prepare(
        &self,
        connection: ConnectionId,
        stop: CancellationToken,
    ) -> Result<(link::Model, integration::Model, Run), Hindrance> {
        let row = store::connections::by_id(&self.db, connection).await?.ok_or(Hindrance::Gone)?;
        if row.status != Status::Linked {
            let reason = "The connection is not linked: the business owner links it again through its Link URL.";
            return Err(Hindrance::End(Word::AuthError, reason));
        }
        let integration = store::integrations::by_id(&self.db, row.integration_id).await?.ok_or(Hindrance::Gone)?;
        if !integration.enabled {
            let reason =
                "The integration is switched off: an admin switches it on again, then the sync can be asked for.";
            return Err(Hindrance::End(Word::Cancelled, reason));
        }
        if integration.secret_key.is_none() {
            let reason = "The integration has no secret key: an admin sets it.";
            return Err(Hindrance::End(Word::AuthError, reason));
        }
        // A clock that was set back keeps nobody waiting.
        if integration.refused_at.is_some_and(|at| (self.clock.now() - at).abs() < LEFT_ALONE) {
            return Err(Hindrance::Wait(key_refused(&integration)));
        }
        let key = connect::integrations::secret_key_of(self.means(), &integration).await?;
        let account = self.stripe.account(key, row.account_id.clone(), row.livemode.unwrap_or(false));
        let clock = self.clock.clone();
        let mut run = Run::new(self.db.clone(), account, clock, connection, stop);
        run.quiet_until = row.quiet_until;
        run.slice = self.settings.slice;
        self.hint(&mut run, row.next_sync_at).await?;
        let wishes = store::wishes::of(&self.db, row.company_id).await?;
        run.since = schedule::since(&wishes, self.clock.now());
        run.first = schedule::first(&wishes);
        run.continuous = schedule::next(Plan::of(&integration), &wishes, row.id, self.clock.now()).is_some();
        Ok((row, integration, run))
    }

    /// The coordination's part of a run's end: repeatable, since the data is kept already.
    async fn ended(
        &self,
        row: &connection::Model,
        integration: &integration::Model,
        run: &Run,
        ended: Ended,
        uncounted: i64,
    ) -> Result<Verdict, sea_orm::DbErr> {
        fault::at(Point::BeforeStatus);
        let now = self.clock.now();
        // A run that made room has not followed its hints yet.
        if ended != Ended::MadeRoom {
            store::stripe_events::read(&self.db, &run.hints, now).await?;
        }
        let pass = store::reconciliations::next_due(&self.db, row.id).await?;
        let tx = store::write(&self.db).await?;
        // Before the connection is held, in the order of whoever sets an integration.
        if integration.refused_at.is_some() {
            store::integrations::set_refused(&tx, integration.id, None).await?;
        }
        // As it is now: something else may have been set, and requests counted, since the run began.
        let Some(row) = &store::connections::hold(&tx, row.id).await? else { return Ok(Verdict::Done) };
        let reads = row.reads.clone().and(now.date_naive(), uncounted);
        let sync = connect::schedules::next(&tx, row, now).await?;
        // Without a schedule a pass is done when it is asked for, and at no other time.
        let next = Next { sync, pass: sync.and(pass) };
        put_off::all_is_well(&tx, row, now).await?;
        let more = match ended {
            Ended::Quiet(until) => {
                store::connections::set_quiet(&tx, row.id, next, until, reads, now).await?;
                false
            }
            Ended::MadeRoom => {
                store::connections::set_reads(&tx, row.id, reads).await?;
                true
            }
            Ended::Hinted { more } => {
                store::connections::set_reads(&tx, row.id, reads).await?;
                store::connections::set_synced(&tx, row.id, now).await?;
                more || inbox::is_full(run)
            }
            // The schedule stays as it is.
            Ended::Compared { more } => {
                store::connections::reschedule(&tx, row.id, Next { sync: row.next_sync_at, ..next }).await?;
                store::connections::set_reads(&tx, row.id, reads).await?;
                more
            }
            Ended::Done { more, .. } => {
                store::connections::reschedule(&tx, row.id, next).await?;
                store::connections::set_reads(&tx, row.id, reads).await?;
                store::connections::set_synced(&tx, row.id, now).await?;
                more || inbox::is_full(run)
            }
        };
        let verdict = if more { Verdict::More } else { Verdict::Done };
        tx.commit().await?;
        tracing::info!(connection.id = %row.id, ?ended, next = ?next, "a sync ended");
        Ok(verdict)
    }

    /// What follows from an error is decided here, once.
    async fn failed(
        &self,
        row: &connection::Model,
        integration: &integration::Model,
        attempts: i32,
        error: Error,
    ) -> Verdict {
        if matches!(error, Error::Stopped) {
            tracing::info!(connection.id = %row.id, "a sync stopped with its process");
        } else {
            tracing::warn!(connection.id = %row.id, %error, attempts, "a sync did not come to its end");
        }
        match error {
            Error::Fenced => Verdict::Lost,
            Error::Stopped => {
                self.wait(row.id, "Stopped with its process; the next worker goes on with it.").await;
                Verdict::GiveBack
            }
            Error::Stripe(Refusal::Revoked) => {
                if let Err(error) = connect::revoke::deauthorized(&self.means(), row.id).await {
                    return self.again(attempts, &error);
                }
                let reason = "The business owner has ended the access at Stripe: they link again through the Link URL.";
                let verdict = self.end(row.id, Word::AuthError, reason, Verdict::Done).await;
                self.unhint(row.id, attempts, verdict).await
            }
            // The platform's key is wrong for every company: nobody is disconnected, and nothing is given up.
            Error::Stripe(Refusal::PlatformKey(why)) => {
                let refused = store::integrations::set_refused(&self.db, integration.id, Some(self.clock.now())).await;
                self.wait(row.id, &key_refused(integration)).await;
                refused.map_or_else(|error| self.again(attempts, &error), |()| self.later(attempts, why))
            }
            Error::Held { ref why, .. } => {
                let at = self.after_pause(attempts);
                let reason = format!("{error}. Everything else is read. {}.", next_try(at));
                self.say_refused(row.id, why, &reason).await;
                let verdict = Verdict::Later(at, why.to_string());
                if attempts < TRIES {
                    self.wait(row.id, &reason).await;
                    return verdict;
                }
                self.end(row.id, Word::FetchError, &reason, verdict).await
            }
            Error::Stripe(refusal) if refusal.is_passing() && attempts < TRIES => {
                let at = self.after_pause(attempts);
                let reason = format!("{refusal}. {}.", next_try(at));
                self.wait(row.id, &reason).await;
                self.say_refused(row.id, &refusal, &reason).await;
                Verdict::Later(at, refusal.to_string())
            }
            Error::Stripe(refusal) if refusal.is_passing() => {
                let word =
                    if matches!(refusal, Refusal::RateLimited) { Word::RateLimitError } else { Word::FetchError };
                let at = self.clock.now() + LONGEST_PROBE * (50 + rand::random_range(0..50)) / 100;
                let reason = format!(
                    "{refusal}. Nothing is lost, and nobody has to do anything. {}, and then every two minutes until it \
                     answers; the sync goes on where it was.",
                    next_try(at)
                );
                self.say_refused(row.id, &refusal, &reason).await;
                self.end(row.id, word, &reason, Verdict::Later(at, refusal.to_string())).await
            }
            Error::Stripe(refusal) => {
                let reason = format!("{refusal}. Ask for the sync again later; what was read is kept.");
                self.put_off(row).await;
                self.say_refused(row.id, &refusal, &reason).await;
                self.end(row.id, Word::FetchError, &reason, Verdict::Done).await
            }
            Error::Store(error) => self.again(attempts, &error),
        }
    }

    /// A failed run is due again with the next one of its schedule, not at once.
    async fn put_off(&self, row: &connection::Model) {
        let put_off = async {
            let tx = store::write(&self.db).await?;
            store::connections::hold(&tx, row.id).await?;
            let sync = connect::schedules::next(&tx, row, self.clock.now()).await?;
            // A pass waits for that sync: its end finds out when it is due.
            store::connections::reschedule(&tx, row.id, Next { sync, pass: None }).await?;
            tx.commit().await
        };
        if let Err(error) = put_off.await {
            tracing::error!(%error, "a sync could not be put off");
        }
    }

    /// Ends what is open, with the reason.
    async fn end(&self, connection: ConnectionId, word: Word, reason: &str, verdict: Verdict) -> Verdict {
        match told::end_all(&self.db, connection, word, reason, self.clock.now()).await {
            Ok(()) => verdict,
            Err(error) => self.again(1, &error),
        }
    }

    /// A try ended in a panic: what is open says so, and after too many of them ends.
    pub(super) async fn panicked(&self, connection: ConnectionId, attempts: i32) -> Verdict {
        if attempts < TRIES {
            let reason = format!("A fault of ours ended try {attempts} of {TRIES}; it is tried again by itself.");
            self.wait(connection, &reason).await;
            self.say(connection, ("500", put_off::OURS), &reason).await;
            return self.later(attempts, reason);
        }
        let reason = format!(
            "A fault of ours ended {TRIES} tries: the operator finds it in the log. What was read is kept; ask for the \
             sync again when it is mended."
        );
        if let Err(error) = store::connections::reschedule(&self.db, connection, Next::default()).await {
            return self.again(1, &error);
        }
        self.say(connection, ("500", put_off::OURS), &reason).await;
        self.end(connection, Word::InternalError, &reason, Verdict::Done).await
    }

    /// What is open waits, and says for what.
    async fn wait(&self, connection: ConnectionId, reason: &str) {
        if let Err(error) = store::datasets::wait_all(&self.db, connection, reason).await {
            tracing::error!(%error, "what waits could not be told why");
        }
    }
}
