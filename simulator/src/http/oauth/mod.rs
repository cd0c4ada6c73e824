//! Connect's OAuth: the page where an owner lets a platform in, and the endpoints where the platform gets its tokens.

pub mod authorize;
pub mod connections;
mod error;
pub mod page;
pub mod token;
