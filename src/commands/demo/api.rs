//! The demo as a client of its own API, over HTTP with its API key, as a developer would be.

use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use entity::dataset;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

/// The integration that the demo's companies go through: Stripe Test.
pub const PLATFORM_KEY: &str = "yzth";
/// How often the state of a sync is asked for.
const LOOK: Duration = Duration::from_millis(200);

/// A client with an API key.
#[derive(Debug)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// A company of the demo, as `demo.json` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Company {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its connection.
    pub connection_id: String,
    /// Its connection's Link URL.
    pub link_url: String,
    /// Its connection's status.
    pub status: String,
}

impl Api {
    /// A client of the API at `base`.
    #[must_use]
    pub fn new(http: reqwest::Client, base: &Url, key: String) -> Self {
        Self { http, base: base.as_str().trim_end_matches('/').to_owned(), key }
    }

    /// What stands in the `Authorization` header.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(&self.key))
    }

    /// The company of this name with a connection, made when it is not there.
    ///
    /// # Errors
    /// When the API does not answer as it should.
    pub async fn company(&self, name: &str) -> anyhow::Result<Company> {
        let found = self.call(Method::GET, "/companies?pageSize=5000", None).await?;
        let found = list(&found)?.iter().find(|one| one["name"] == name).cloned();
        let company = match found {
            Some(company) => company,
            None => self.call(Method::POST, "/companies", Some(&json!({ "name": name }))).await?,
        };
        let id = text(&company, "id")?;
        let path = format!("/companies/{id}/connections");
        let connections = self.call(Method::GET, &path, None).await?;
        let connection = match list(&connections)?.first() {
            Some(connection) => connection.clone(),
            None => self.call(Method::POST, &path, Some(&json!({ "platformKey": PLATFORM_KEY }))).await?,
        };
        Ok(Company {
            id,
            name: name.to_owned(),
            connection_id: text(&connection, "id")?,
            link_url: text(&connection, "linkUrl")?,
            status: text(&connection, "status")?,
        })
    }

    /// Waits until every data type of a company is final.
    ///
    /// # Errors
    /// When one ended badly.
    pub async fn synced(&self, company: &Company) -> anyhow::Result<()> {
        let path = format!("/companies/{}/dataStatus", company.id);
        loop {
            let entries = self.call(Method::GET, &path, None).await?;
            let entries = entries.as_object().context("dataStatus is no object")?;
            let mut open = entries.is_empty();
            for (data_type, entry) in entries {
                let status: dataset::Status = serde_json::from_value(entry["currentStatus"].clone())?;
                if status.is_error() {
                    bail!("the sync of {data_type} for {} ended with {}", company.name, status.as_str());
                }
                open |= !status.is_final();
            }
            if !open {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets Stripe tell the platform what happens.
    ///
    /// # Errors
    /// When the API does not answer as it should.
    pub async fn register_webhook(&self) -> anyhow::Result<()> {
        self.call(Method::POST, &format!("/integrations/{PLATFORM_KEY}/webhook"), Some(&json!({}))).await?;
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let request = self.http.request(method.clone(), format!("{}{path}", self.base));
        let request = request.header("authorization", self.authorization());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {text}");
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON"))
    }
}

fn list(page: &Value) -> anyhow::Result<&Vec<Value>> {
    page["results"].as_array().context("a list has no results")
}

fn text(object: &Value, field: &str) -> anyhow::Result<String> {
    Ok(object[field].as_str().with_context(|| format!("an object has no {field}"))?.to_owned())
}
