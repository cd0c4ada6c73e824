//! What every floor uses: time, configuration, money, the filter grammar, tasks and secrets. Small, and nearly pure.
// Nothing that comes from outside may end a task: what could panic is refused, an unchecked index too.
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
pub mod tls;
pub mod vault;

/// Makes an async function return its future in a box. The body of an async function is compiled in every crate that awaits
/// it, like a generic one's; in a box it is compiled where it stands, once. Functions that another crate calls have it.
pub use async_recursion::async_recursion as boxed;
