//! A business owner's browser, as far as Link needs one: cookies, redirects one by one, and the first form of a page.

use std::collections::BTreeMap;

use entity::connection::{self, Status};
use entity::id::{CompanyId, ConnectionId};
use entity::{company, integration};
use secrecy::SecretString;
use tributary::clock::Clock;
use tributary::connect::{Means, integrations, link};
use tributary::store;
use tributary::stripe;
use url::Url;

use crate::house::House;

/// What a page of a browser shows.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The HTTP status.
    pub status: u16,
    /// Its address.
    pub url: Url,
    /// Where it leads, if it is a redirect.
    pub location: Option<Url>,
    /// Its headers.
    pub headers: reqwest::header::HeaderMap,
    /// Its text.
    pub body: String,
}

impl Seen {
    /// Fails unless the page shows this.
    pub fn shows(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{} {} does not show {text:?}:\n{}", self.status, self.url, self.body);
        self
    }

    /// Fails unless it has this status.
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}\n{}", self.url, self.body);
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The forms of the page: address and fields. Reads what scripts are promised: double quotes, `name` before `value`.
    pub fn forms(&self) -> Vec<(Url, Vec<(String, String)>)> {
        let forms = self.body.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        forms.map(|form| (self.url.join(&attribute(form, "action")).unwrap(), fields(form))).collect()
    }
}

fn fields(form: &str) -> Vec<(String, String)> {
    let inputs = form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
    let mut fields = Vec::new();
    for input in inputs {
        let radio = input.contains("type=\"radio\"");
        if !radio || input.contains(" checked") {
            assert!(input.find("name=") < input.find("value="), "{input}");
            fields.push((attribute(input, "name"), attribute(input, "value")));
        }
    }
    fields
}

fn attribute(text: &str, name: &str) -> String {
    let value = text.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    value.replace("&amp;", "&")
}

/// A browser with its cookies.
#[derive(Debug)]
pub struct Visitor {
    http: reqwest::Client,
    cookies: std::sync::Mutex<BTreeMap<String, String>>,
}

impl Visitor {
    /// A browser that nobody has used.
    pub fn new() -> Self {
        let http = crate::house::client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: std::sync::Mutex::default() }
    }

    /// A page, without following where it leads.
    pub async fn get(&self, url: &Url) -> Seen {
        self.send(self.http.get(url.clone()), url).await
    }

    /// A page, and on to where it leads.
    pub async fn visit(&self, url: &Url) -> Seen {
        let seen = self.get(url).await;
        self.follow(seen).await
    }

    /// On to where a page leads.
    pub async fn follow(&self, mut seen: Seen) -> Seen {
        for _ in 0..10 {
            let Some(next) = seen.location.clone() else { return seen };
            seen = self.get(&next).await;
        }
        panic!("too many redirects, the last one to {}", seen.url)
    }

    /// Sends a form, without following where it leads.
    pub async fn post(&self, url: &Url, fields: &[(String, String)]) -> Seen {
        self.send(self.http.post(url.clone()).form(fields), url).await
    }

    /// The same, saying as browsers do where it comes from.
    pub async fn post_from(&self, origin: &str, url: &Url, fields: &[(String, String)]) -> Seen {
        self.send(self.http.post(url.clone()).form(fields).header("origin", origin), url).await
    }

    /// Sends the page's first form.
    pub async fn submit(&self, page: &Seen) -> Seen {
        let (action, fields) = page.forms().into_iter().next().expect("a form");
        self.post(&action, &fields).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, url: &Url) -> Seen {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let location = headers.get("location").map(|to| url.join(to.to_str().unwrap()).unwrap());
        Seen { status, url: url.clone(), location, headers, body: answer.text().await.unwrap() }
    }
}

impl House {
    /// What connecting needs.
    pub fn means(&self) -> Means<'_> {
        self.app.means()
    }

    /// Sets Stripe Test up for the simulator.
    pub async fn set_up(&self) -> integration::Model {
        store::integrations::ensure_defaults(&self.db, self.clock.now()).await.unwrap();
        let change = integrations::Change {
            client_id: Some(simulator::http::DEFAULT_CLIENT_ID.to_owned()),
            secret_key: Some(simulator::http::DEFAULT_SECRET_KEY.to_owned().into()),
            ..Default::default()
        };
        integrations::set(self.means(), "yzth", change).await.unwrap()
    }

    /// A company.
    pub async fn company(&self, name: &str) -> company::Model {
        let row = company::Model {
            id: CompanyId::new(),
            name: name.to_owned(),
            name_folded: name.to_lowercase(),
            description: None,
            tags: entity::shape::TextMap::default(),
            link_serial: 0,
            overrides_sync: false,
            created_at: self.clock.now(),
            last_sync_at: None,
            deleted_at: None,
        };
        store::companies::insert(&self.db, row.clone()).await.unwrap();
        row
    }

    /// A company with a connection through Stripe Test that waits for its owner.
    pub async fn waiting(&self, name: &str) -> connection::Model {
        let integration = store::integrations::by_key(&self.db, "yzth").await.unwrap().unwrap();
        let company = self.company(name).await;
        store::connections::create(&self.db, company.id, integration.id, self.clock.now()).await.unwrap()
    }

    fn links(&self) -> link::Links<'_> {
        link::Links { public_url: &self.app.settings.public_url, hours: self.app.settings.link_hours }
    }

    /// The connection's Link URL now.
    pub async fn link_url(&self, id: ConnectionId) -> Url {
        let key = self.app.keys.installation(&self.db).await.unwrap();
        link::connection_url(&key, self.links(), &self.connection(id).await, self.clock.now()).unwrap()
    }

    /// The company's Link URL now.
    pub async fn company_url(&self, id: CompanyId) -> Url {
        let key = self.app.keys.installation(&self.db).await.unwrap();
        let company = store::companies::find(&self.db, id).await.unwrap().unwrap();
        link::company_url(&key, self.links(), &company, self.clock.now()).unwrap()
    }

    /// The connection as it is now.
    pub async fn connection(&self, id: ConnectionId) -> connection::Model {
        store::connections::by_id(&self.db, id).await.unwrap().expect("a connection")
    }

    /// Fails unless the connection has this status.
    pub async fn stands(&self, id: ConnectionId, status: Status) -> connection::Model {
        let row = self.connection(id).await;
        assert_eq!(row.status, status, "{row:?}");
        row
    }

    /// Links a connection as its owner would, to this account.
    pub async fn link(&self, id: ConnectionId, account: &str) {
        self.choose(account).await;
        let visitor = Visitor::new();
        let page = visitor.get(&self.link_url(id).await).await;
        let sent = visitor.submit(&page).await;
        visitor.follow(sent).await.shows("is connected");
    }

    /// The account that the simulator connects next.
    pub async fn choose(&self, account: &str) {
        let url = format!("{}/_simulator/next-account", self.simulator.url);
        let choice = serde_json::json!({ "account": account });
        let answer = crate::house::http().post(url).json(&choice).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// The simulator's accounts.
    pub fn accounts(&self) -> Vec<String> {
        self.simulator.world.accounts().into_iter().map(|account| account.id).collect()
    }

    /// Whether Stripe still lets us in.
    pub async fn is_open(&self, account: &str) -> bool {
        let key: SecretString = simulator::http::DEFAULT_SECRET_KEY.to_owned().into();
        let read = self.gate.account(key, Some(account.to_owned()), false).get("/v1/balance", "/v1/balance", &[]).await;
        match read {
            Ok(_) => true,
            Err(stripe::error::Error::Revoked) => false,
            Err(error) => panic!("{error}"),
        }
    }
}
