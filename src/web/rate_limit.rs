//! The daily quota: each request with an API key is counted, every answer to one says what is left, and what is beyond it
//! is refused.
//!
//! A process counts in memory and adds to the day's row within a second, so that no request waits for a write. What several
//! processes take in that second may go beyond the quota.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, OpenApi, Ref, RefOr};

use super::App;
use super::error::Error;
use super::examples::operations;
use super::who::{self, Caller};
use base::clock::day_of;
use connect::quota::{self, Level};

/// The quota of the day.
const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
/// What is left of it.
const REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
/// When it is reset, in seconds since 1970.
const RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");
/// All of them.
pub(super) const HEADERS: [HeaderName; 3] = [LIMIT, REMAINING, RESET];
/// What stands for any number: clients that go by the headers read it as a number, some of them in 32 bits.
const ANY_NUMBER: i64 = 2_147_483_647;
/// How soon a request is added to the day's row.
const WITHIN: Duration = Duration::from_secs(1);

/// What this process counts.
#[derive(Clone, Debug)]
pub(super) struct Quota {
    app: App,
    counted: Arc<Mutex<Counted>>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Where the day stood when it was last asked for.
    level: Option<Level>,
    /// Requests since then.
    fresh: i64,
    /// Whether they will be added.
    is_due: bool,
}

impl Counted {
    /// Where this day stands, with the requests that the database does not know yet; none when it is not known.
    fn now(&self, day: i64) -> Option<Level> {
        let level = self.level.filter(|level| level.day == day)?;
        Some(Level { calls: level.calls + self.fresh, ..level })
    }
}

/// Counts a request with an API key, or refuses it. Without a quota nothing is counted, and any number is left.
pub(super) async fn answer(State(quota): State<Quota>, request: Request, next: Next) -> Response {
    if quota.app.settings.daily_quota == 0 {
        let mut response = next.run(request).await;
        put(response.headers_mut(), Level { day: day_of(quota.app.clock.now()), quota: ANY_NUMBER, calls: 0 });
        return response;
    }
    let (mut parts, body) = request.into_parts();
    let caller = who::caller(&mut parts, &quota.app).await;
    let request = Request::from_parts(parts, body);
    if !matches!(caller, Ok(Caller::Key(_))) {
        return next.run(request).await;
    }
    let Some((is_good, level)) = quota.take().await else { return next.run(request).await };
    let mut response = if is_good { next.run(request).await } else { quota.refusal(level).into_response() };
    put(response.headers_mut(), level);
    response
}

fn put(headers: &mut HeaderMap, level: Level) {
    for (name, value) in HEADERS.into_iter().zip([level.quota, level.remaining(), level.ends_at().timestamp()]) {
        headers.insert(name, value.into());
    }
}

impl Quota {
    /// Nothing is counted yet.
    pub(super) fn of(app: &App) -> Self {
        Self { app: app.clone(), counted: Arc::default() }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of the quota: whether there was one, and what is left then. None when that cannot be known: then nobody
    /// is refused for it.
    async fn take(&self) -> Option<(bool, Level)> {
        let day = day_of(self.app.clock.now());
        if self.counted().now(day).is_none() {
            self.look(day).await;
        }
        let mut counted = self.counted();
        let mut level = counted.now(day)?;
        let is_good = level.remaining() > 0;
        if is_good {
            counted.fresh += 1;
            level.calls += 1;
        }
        if !counted.is_due {
            counted.is_due = true;
            tokio::spawn(self.clone().publish());
        }
        Some((is_good, level))
    }

    /// Finds out where a day stands that this process knows nothing of.
    async fn look(&self, day: i64) {
        match quota::level(&self.app.db, self.app.settings.daily_quota, day).await {
            Ok(level) => {
                let mut counted = self.counted();
                if counted.now(day).is_none() {
                    (counted.level, counted.fresh) = (Some(level), 0);
                }
            }
            Err(error) => tracing::warn!(%error, "the daily quota cannot be read: nobody is refused for it"),
        }
    }

    /// Adds what was counted to the day's row, and learns what other processes have added. One of these runs at a time.
    async fn publish(self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(WITHIN) => {}
                () = self.app.draining.cancelled() => {}
            }
            let (day, fresh) = {
                let counted = self.counted();
                (counted.level.map(|level| level.day), counted.fresh)
            };
            let Some(day) = day else { return };
            let app = &self.app;
            let added = quota::add(&app.db, app.settings.daily_quota, day, fresh, app.clock.now()).await;
            let mut counted = self.counted();
            match added {
                Ok(level) if counted.now(day).is_some() => {
                    counted.level = Some(level);
                    counted.fresh -= fresh;
                }
                // Another day has begun.
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "requests could not be counted; they are with the next ones"),
            }
            if counted.fresh == 0 || app.draining.is_cancelled() {
                counted.is_due = false;
                return;
            }
        }
    }

    fn refusal(&self, level: Level) -> Error {
        let seconds = (level.ends_at() - self.app.clock.now()).num_seconds().max(0).cast_unsigned() + 1;
        Error::UsedUp { quota: level.quota, again_at: level.ends_at(), seconds }
    }
}

/// Puts the headers to the description of each answer that carries them.
pub(super) fn describe(api: &mut OpenApi) {
    let told = [
        (
            "X-Rate-Limit-Limit",
            "Requests with an API key that may be made on this day (UTC); 2147483647 stands for any number.",
        ),
        ("X-Rate-Limit-Remaining", "How many of them are left."),
        ("X-Rate-Limit-Reset", "When the quota is reset: the next 00:00 UTC, in seconds since 1970."),
    ];
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            if status.starts_with('2') || matches!(status.as_str(), "304" | "429") {
                let place = |name| RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
                response.headers.extend(told.map(|(name, _)| (name.to_owned(), place(name))));
            }
        }
    }
    let components = api.components.get_or_insert_default();
    for (name, said) in told {
        let mut header = Header::new(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)));
        header.description = Some(said.to_owned());
        components.headers.insert(name.to_owned(), header.into());
    }
}
