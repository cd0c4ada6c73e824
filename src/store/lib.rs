//! Our database: every query lives here, one file for each noun.
//!
//! Functions take `&dyn Executor` first, so that the same one serves a request, a transaction and a test.
//! Nothing but `DbErr` comes out; "not there" is `None`.
// Nothing that comes from outside may end a task: what could panic is refused, an unchecked index too.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::unimplemented,
        clippy::get_unwrap,
        clippy::indexing_slicing
    )
)]

pub mod api_keys;
pub mod backup;
pub mod bulk;
pub mod checkpoints;
pub mod companies;
pub mod connection_faults;
pub mod connections;
pub mod copy;
pub mod credentials;
pub mod data_keys;
pub mod database;
pub mod datasets;
pub mod datasets_read;
pub mod days;
pub mod deliveries;
pub mod drift;
mod durable;
pub mod erase;
mod executor;
pub mod feed;
pub mod feed_merge;
pub mod feed_read;
pub mod idempotency;
pub mod integrations;
pub mod jobs;
pub mod links;
pub mod lists;
pub mod metrics;
pub mod oauth_states;
pub mod open_records;
pub mod orders;
pub mod outbox;
pub mod own_fields;
pub mod payout_contents;
pub mod payouts_read;
pub mod profiles;
pub mod quarantine;
pub mod quota_days;
pub mod reconciliations;
pub mod records;
pub mod records_read;
pub mod retention;
pub mod revenue;
pub mod seen_events;
pub mod sessions;
pub mod source_objects;
mod steps;
pub mod stripe_events;
pub mod sync_heads;
pub mod sync_settings;
pub mod trouble;
mod turns;
pub mod users;
pub mod verify;
pub mod webhook_consumers;
pub mod webhook_events;
pub mod webhook_replays;
pub mod wishes;

pub use database::{Db, Tx, open, open_to_answer, read, read_at_leisure, write};
pub use durable::durable;
pub use executor::Executor;

/// Rows of one insert: below the number of parameters that either database takes, with the widest table.
const ROWS: usize = 500;

/// A hash to tell that nothing changed; not for secrets.
fn hash(bytes: &[u8]) -> i64 {
    xxhash_rust::xxh3::xxh3_64(bytes).cast_signed()
}
