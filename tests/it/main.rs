//! One test binary: everything that needs more than one module.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests stand outside of the doors")]

mod architecture;
mod backup;
mod changes;
mod cli;
mod commerce;
mod config;
mod crash;
mod crash_halves;
mod database;
mod demo;
mod engine;
mod fixtures;
mod hostile;
mod house;
mod integrations;
mod interleaving;
mod link;
mod link_misuse;
mod link_unlink;
mod mapping;
mod moving;
mod one_owner;
mod openapi;
mod oracle;
mod panics;
mod platform;
mod portal;
mod process;
mod provider;
mod quarantine;
mod query;
mod reconcile;
mod remap;
mod rest;
mod retention;
mod rows;
mod running;
mod schema;
mod server;
mod store_faults;
mod stripe_webhooks;
mod sync;
mod upgrade;
mod visitor;
