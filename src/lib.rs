//! Tributary brings small businesses' Stripe data together: complete, current, proven to the cent.
//!
//! The house has floors without circles; each may use what is below it.
//!
//! - **Ground**: the crates `entity` (the nouns) and `migration` (their history).
//! - **Floor 1**, small and nearly pure: [`clock`], [`config`], [`fault`], [`money`], [`query`], [`task`], [`vault`].
//! - **Floor 2**, side by side: [`store`] (our database), [`stripe`] (their API) and [`courier`] (receivers of webhooks).
//! - **Floor 3**: [`sync`] reads, maps, keeps.
//! - **Floor 4**: [`connect`] begins, finishes and revokes a connection.
//! - **Floor 5**, side by side: [`web`] (HTTP) and [`work`] (the worker).
//! - **Roof**: the binary, which wires.
//!
//! Five doors: only `store` writes queries, only `stripe` speaks HTTP to Stripe, only `vault` sees a secret in the
//! clear, only `web` knows status codes, only `clock` asks the time.
//!
//! Nothing that comes from outside may end a task: what could panic is refused here by lints, an unchecked index too.
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

pub mod clock;
pub mod config;
pub mod fault;
pub mod money;
pub mod query;
pub mod task;
pub mod vault;

pub mod courier;
pub mod store;
pub mod stripe;

pub mod sync;

pub mod connect;

pub mod web;
pub mod work;
