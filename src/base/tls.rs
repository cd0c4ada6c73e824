//! The cryptography of TLS: `ring`, for Stripe, for receivers of webhooks and for PostgreSQL alike.

/// Makes it that of the process, which an HTTP client needs. May be called any number of times.
pub fn install() {
    // An error says that it was installed before.
    drop(rustls::crypto::ring::default_provider().install_default());
}
