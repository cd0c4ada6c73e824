//! Reads every payment of a connection, page by page: `read_payments API KEY COMPANY CONNECTION`.

use serde_json::Value;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [api, key, company, connection] = given.as_slice() else {
        anyhow::bail!("usage: read_payments API KEY COMPANY CONNECTION");
    };
    // With reqwest's feature `rustls-no-provider`, as here, the application says whose cryptography TLS uses.
    rustls::crypto::ring::default_provider().install_default().ok();
    let http = reqwest::Client::builder().build()?;
    let path = format!("/companies/{company}/connections/{connection}/data/commerce-payments?pageSize=500");
    let (mut next, mut payments) = (Some(path), 0);
    // The links lead from page to page, with the query and the order kept.
    while let Some(path) = next {
        let answer = http.get(format!("{api}{path}")).bearer_auth(key).send().await?.error_for_status()?;
        let page: Value = serde_json::from_str(&answer.text().await?)?;
        payments += page["results"].as_array().map_or(0, Vec::len);
        next = page["_links"]["next"]["href"].as_str().map(str::to_owned);
    }
    println!("{payments} payments");
    Ok(())
}
