//! A browser of a few lines: it keeps cookies, follows redirects and posts the first form of a page.
//!
//! It does what a person does on the Link pages, so the demo's companies are linked through the real flow.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

/// Redirects that are followed in a row.
const MOST_REDIRECTS: usize = 20;

/// Keeps cookies by host, as browsers do: the port makes no difference.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page that was reached.
#[derive(Debug)]
pub struct Page {
    /// Where, after all redirects.
    pub url: Url,
    /// The HTTP status of the last answer.
    pub status: u16,
    /// The HTML.
    pub body: String,
}

impl Browser {
    /// A browser without cookies.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, cookies: BTreeMap::new() })
    }

    /// Opens an address and follows redirects.
    ///
    /// # Errors
    /// When nobody answers, or the redirects do not end.
    pub async fn open(&mut self, url: Url) -> anyhow::Result<Page> {
        let request = self.http.get(url.clone());
        self.follow(url, request).await
    }

    /// Posts the first form of a page as its first button does, with `chosen` in place of the page's own values, and
    /// follows redirects.
    ///
    /// # Errors
    /// When the page has no form, nobody answers, or the redirects do not end.
    pub async fn submit(&mut self, page: &Page, chosen: &[(&str, &str)]) -> anyhow::Result<Page> {
        let form = page.form().with_context(|| format!("{} has no form:\n{}", page.url, page.body))?;
        let url = page.url.join(&form.action)?;
        let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        fields.retain(|(name, _)| chosen.iter().all(|(other, _)| other != name));
        fields.extend(chosen);
        let origin = page.url.origin().ascii_serialization();
        let request = self.http.post(url.clone()).header("origin", origin).form(&fields);
        self.follow(url, request).await
    }

    async fn follow(&mut self, mut url: Url, mut request: reqwest::RequestBuilder) -> anyhow::Result<Page> {
        for _ in 0..MOST_REDIRECTS {
            let answer = request.header(COOKIE, self.cookies_for(&url)).send().await?;
            self.keep_cookies(&url, &answer);
            let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let Some(next) = location.map(|text| url.join(text)).transpose()? else {
                return Ok(Page { url, status: answer.status().as_u16(), body: answer.text().await? });
            };
            request = self.http.get(next.clone());
            url = next;
        }
        bail!("the redirects do not end; the last one leads to {url}")
    }

    fn cookies_for(&self, url: &Url) -> String {
        let cookies = self.cookies.get(url.host_str().unwrap_or_default()).into_iter().flatten();
        cookies.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&mut self, url: &Url, answer: &reqwest::Response) {
        let jar = self.cookies.entry(url.host_str().unwrap_or_default().to_owned()).or_default();
        let lines = answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        for (name, rest) in lines.filter_map(|line| line.split_once('=')) {
            let value = rest.split(';').next().unwrap_or_default();
            if rest.to_ascii_lowercase().contains("max-age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// What the first form of a page would send.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Where to.
    pub action: String,
    /// Its inputs and its first button that has a name.
    pub fields: Vec<(String, String)>,
}

impl Page {
    /// The first form, when there is one. Attributes are double-quoted, as our pages and the simulator's write them.
    #[must_use]
    pub fn form(&self) -> Option<Form> {
        let form = &self.body[self.body.find("<form")?..];
        let form = &form[..form.find("</form>").unwrap_or(form.len())];
        let mut tags = form.split('<').map(|tag| tag.split('>').next().unwrap_or_default());
        let action = tags.find(|tag| tag.starts_with("form")).and_then(|tag| attribute(tag, "action"))?;
        let mut fields = Vec::new();
        let mut pressed = false;
        for tag in tags {
            let button = tag.starts_with("button");
            let unchosen = tag.contains("type=\"radio\"") && !tag.contains(" checked");
            if !(tag.starts_with("input") || button && !pressed) || unchosen {
                continue;
            }
            if let Some(name) = attribute(tag, "name") {
                pressed |= button;
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        Some(Form { action, fields })
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let text = rest.split('"').next()?;
    Some(text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
