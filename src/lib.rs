//! Tributary brings small businesses' Stripe data together: complete, current, proven to the cent.
//!
//! The house has floors without circles; each is a crate in a folder of its own, and may use what is below it.
//!
//! - **Ground**: the crates [`entity`] (the nouns) and [`migration`] (their history).
//! - **Floor 1**, `base`, small and nearly pure: [`clock`], [`config`], [`fault`], [`money`], [`query`], [`task`], [`tls`], [`vault`].
//! - **Floor 2**, side by side: [`store`] (our database), [`stripe`] (their API) and [`courier`] (receivers of webhooks).
//! - **Floor 3**: [`sync`] reads, maps, keeps.
//! - **Floor 4**: [`connect`] begins, finishes and revokes a connection.
//! - **Floor 5**, side by side: [`web`] (HTTP) and [`work`] (the worker).
//! - **Roof**: the binary, which wires.
//!
//! Five doors: only `store` writes queries, only `stripe` speaks HTTP to Stripe, only `vault` sees a secret in the
//! clear, only `web` knows status codes, only `clock` asks the time.
//!
//! An async function that a higher floor calls is `#[boxed]`: it is compiled in its own crate, once, and not again in each
//! crate that awaits it.

pub use base::{clock, config, fault, money, query, task, tls, vault};
pub use {connect, courier, entity, migration, store, stripe, sync, web, work};
