//! Their API: versions, retries, limits, OAuth. Nothing else speaks HTTP to Stripe.
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

pub mod client;
pub mod error;
pub mod limits;
pub mod oauth;
pub mod outage;
pub mod signature;
pub mod webhook_endpoints;
pub mod wire;
