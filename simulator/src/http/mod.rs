//! How it is served: OAuth pages, lists, errors, limits, control.
//!
//! [`start`] embeds a simulator in another program, [`run`] is the `simulate` command. One server answers for Stripe's
//! API host and its Connect host.

mod api;
mod clock;
mod control;
mod counters;
mod credentials;
mod error;
mod faults;
mod index;
mod journal;
mod life;
mod limits;
mod oauth;
mod options;
mod params;
mod script;
mod server;
mod settings;
mod shared;
#[cfg(test)]
mod tests;
mod version;
mod webhooks;
mod wire;

pub use clock::Clock;
pub use counters::{Counters, NO_ANSWER, Served, Visit};
pub use faults::{Fault, Faults, Point, REASONS, Refusal, Rule};
pub use options::{Args, DEFAULT_CLIENT_ID, DEFAULT_PACE, DEFAULT_SECRET_KEY, Options};
pub use script::{Scripted, Told};
pub use server::{Running, run, start};
pub use settings::Settings;
pub use shared::PLATFORM_ACCOUNT;
pub use webhooks::{DeliveryRule, Endpoint, Tally, Twist, Webhooks};
