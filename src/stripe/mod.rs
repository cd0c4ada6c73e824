//! Their API: versions, retries, limits, OAuth. Nothing else speaks HTTP to Stripe.

pub mod client;
pub mod error;
pub mod limits;
pub mod oauth;
pub mod outage;
pub mod signature;
pub mod webhook_endpoints;
pub mod wire;
