//! SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once.

use tokio_util::sync::CancellationToken;

/// What a process ends with when it was told twice.
const TOLD_TWICE: i32 = 130;

/// A token that is cancelled by the first signal; the second ends the process.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn shutdown() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut signals = Signals::new()?;
    let told = token.clone();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("asked to end: what is open is finished first; another signal ends at once");
        told.cancel();
        signals.next().await;
        tracing::warn!("asked again: ending at once");
        std::process::exit(TOLD_TWICE);
    });
    Ok(token)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
