//! Tributary brings small businesses' Stripe data together, complete and current, over REST.

pub mod clock;
pub mod money;
pub mod vault;
