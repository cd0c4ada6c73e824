//! Begin, finish and revoke a connection; the keys that seal what it brings.

pub mod keys;
