//! Read, map, keep: what Stripe has becomes what we serve, in the order of readings and never twice.
//!
//! [`run`] does one connection: [`backfill`] reads each of Stripe's lists from end to end once, a page a transaction, in
//! [`windows`] that are read side by side;
//! [`follow`] then reads events, which are hints, and every object that they name again; [`payouts`] reads what payouts
//! are made of; [`unread`] tells what a gap, an outage or a refusal has left to be read. [`prepare`] turns a page into
//! what [`keep`] writes; [`compose`] makes the records that several objects make together; [`map`] is pure; [`origin`]
//! tells what a record was made of.
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

pub mod backfill;
pub mod complete;
pub mod compose;
pub mod error;
pub mod follow;
pub mod hints;
pub mod keep;
pub mod list;
pub mod local;
pub mod map;
pub mod origin;
pub mod payouts;
pub mod pick;
pub mod prepare;
pub mod reconcile;
pub mod remap;
pub mod replay;
pub mod run;
pub mod schedule;
pub mod streams;
pub mod stretch;
pub mod told;
pub mod unread;
pub mod windows;
