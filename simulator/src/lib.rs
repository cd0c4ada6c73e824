//! A Stripe in a box.
//!
//! It knows nothing of the platform that it is used with and speaks only HTTP. [`world`] holds the accounts and their
//! objects, made from a seed so that the same seed gives the same data; [`http`] serves them as Stripe does.

#![recursion_limit = "1024"]

pub mod http;
pub mod world;

pub use http::{Args, DEFAULT_CLIENT_ID, DEFAULT_SECRET_KEY, Options, Running, run, start};
