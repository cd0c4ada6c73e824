//! The demo as the owner of a shop: links a company on the Link pages and at the simulated Stripe.

use anyhow::{Context, bail};
use simulator::http::{DEFAULT_CLIENT_ID, DEFAULT_SECRET_KEY, Running};
use tributary::store::{self, Db};
use url::Url;

use super::browser::Browser;

/// Where a grant that is renewed goes back to; nobody listens there, and nobody has to.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// Opens the Link URL, consents, chooses the account at Stripe, approves, and comes back.
///
/// # Errors
/// When a page on the way is not what it should be.
pub async fn link(link_url: &str, stripe: &Running, account: &str) -> anyhow::Result<()> {
    let mut browser = Browser::new()?;
    let consent = browser.open(link_url.parse()?).await?;
    let at_stripe = browser.submit(&consent, &[]).await?;
    if !at_stripe.url.as_str().starts_with(&stripe.url) {
        bail!("the Link page led to {} and not to Stripe:\n{}", at_stripe.url, at_stripe.body);
    }
    let result = browser.submit(&at_stripe, &[("account", account)]).await?;
    if result.status >= 400 {
        bail!("{} answered {}:\n{}", result.url, result.status, result.body);
    }
    Ok(())
}

/// Grants again what a simulated Stripe forgets when it ends: the access to every account that is linked here.
///
/// # Errors
/// When the database or the simulator does not answer as it should.
pub async fn grant_again(db: &Db, stripe: &Running) -> anyhow::Result<()> {
    for account in stripe.world.accounts() {
        let linked = store::connections::by_account(db, &account.id, false).await?;
        if let Some(connection) = linked.first() {
            grant(stripe, &account.id, connection.scope.as_deref().unwrap_or("read_only")).await?;
        }
    }
    Ok(())
}

async fn grant(stripe: &Running, account: &str, scope: &str) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let query =
        [("client_id", DEFAULT_CLIENT_ID), ("response_type", "code"), ("scope", scope), ("redirect_uri", NOWHERE)];
    let authorize = Url::parse_with_params(&format!("{}/oauth/authorize", stripe.url), query)?;
    let approval = [("decision", "approve"), ("account", account)];
    let answer = http.post(authorize).form(&approval).send().await?;
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
    let back: Url = location.context("the simulated Stripe did not approve")?.parse()?;
    let code = back.query_pairs().find(|(name, _)| name == "code").context("the simulated Stripe gave no code")?.1;
    let exchange = [("grant_type", "authorization_code"), ("code", &code), ("client_secret", DEFAULT_SECRET_KEY)];
    let answer = http.post(format!("{}/oauth/token", stripe.url)).form(&exchange).send().await?;
    answer.error_for_status().context("the simulated Stripe took no code")?;
    Ok(())
}
