//! The demo as time goes: what happens at the simulated Stripe is read soon after.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::api::Api;

/// How often what is linked is read again.
const EVERY: Duration = Duration::from_secs(20);

/// Asks for the data of every linked company again and again until `shutdown`; what cannot be asked for now is asked for
/// the next time.
pub async fn keep_reading(api: Api, shutdown: CancellationToken) {
    let reading = async {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = api.refresh_linked().await {
                tracing::warn!(error = format!("{error:#}"), "the demo could not ask for data");
            }
        }
    };
    shutdown.run_until_cancelled(reading).await.unwrap_or(());
}
