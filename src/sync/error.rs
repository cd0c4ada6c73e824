//! What ends a run before its end.

/// Why a run ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Stripe did not give it.
    #[error(transparent)]
    Stripe(#[from] stripe::error::Error),
    /// One list did not come, while Stripe answers otherwise: everything else was read and followed.
    #[error("Stripe does not give {list} now: {why}")]
    Held {
        /// The list, in words.
        list: String,
        /// What came instead.
        why: stripe::error::Error,
    },
    /// The database did not take it.
    #[error("the database did not answer: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// Another run has taken the connection: nothing more may be written by this one.
    #[error("another run has taken the connection")]
    Fenced,
    /// The process is asked to stop; everything so far is kept, and the next run goes on from there.
    #[error("stopped on request")]
    Stopped,
}
