//! Our database: every query lives here, one file for each noun.
//!
//! Functions take `&impl ConnectionTrait` first, so that the same one serves a request, a transaction and a test.
//! Nothing but `DbErr` comes out; "not there" is `None`.

pub mod data_keys;
pub mod database;
pub mod datasets;
pub mod jobs;

pub use database::{Db, Tx, open, read, write};
