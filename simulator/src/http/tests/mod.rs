//! The HTTP semantics, asked of the true router.

mod access;
mod deliveries;
mod endpoints;
mod faults;
mod life;
mod lists;
mod oauth;
mod serving;
mod traps;

use super::clock::Clock;
use super::journal::Journal;
use super::options::Options;
use super::server::router;
use super::shared::Shared;
use crate::world::{self, World};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use tower::ServiceExt;

/// A simulator without a socket.
struct Stripe {
    shared: Arc<Shared>,
    app: Router,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    body: Value,
}

const PLATFORM: &str = "sk_test_simulator";

/// A world of a test's own, to be changed.
fn fresh_world() -> Arc<World> {
    Arc::new(World::new(&world::Options { seed: 7, charges: 2500, accounts: 3, now: Clock::default().seconds() }))
}

/// The world of all tests that only read.
fn world() -> Arc<World> {
    static WORLD: OnceLock<Arc<World>> = OnceLock::new();
    WORLD.get_or_init(fresh_world).clone()
}

impl Stripe {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        Self::of(world(), options)
    }

    fn of(world: Arc<World>, options: Options) -> Self {
        let shared = Arc::new(Shared::new(world, options, Clock::default(), Journal::default()).unwrap());
        Self { app: router(shared.clone()), shared }
    }

    /// The account with the most charges.
    fn shop(&self) -> String {
        let accounts = self.shared.world.accounts();
        accounts.into_iter().max_by_key(|account| account.charges).unwrap().id
    }

    /// Another account than [`Self::shop`].
    fn other(&self) -> String {
        let shop = self.shop();
        self.shared.world.accounts().into_iter().find(|account| account.id != shop).unwrap().id
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, body }
    }

    /// With the shop's own key.
    async fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.shared.own_key(&self.shop()));
        self.send("GET", path, &[("authorization", &bearer)], "").await
    }

    /// With the platform's key, for an account.
    async fn get_for(&self, account: &str, path: &str) -> Answer {
        let bearer = format!("Bearer {PLATFORM}");
        self.send("GET", path, &[("authorization", &bearer), ("stripe-account", account)], "").await
    }

    /// Approves and exchanges: the tokens.
    async fn connect(&self, account: &str, scope: &str) -> Value {
        let code = self.approve(account, scope).await;
        self.token(&format!("grant_type=authorization_code&code={code}")).await.body
    }

    /// A code, as the owner's approval gives it.
    async fn approve(&self, account: &str, scope: &str) -> String {
        let path = format!(
            "/oauth/authorize?response_type=code&client_id=ca_simulator&scope={scope}&redirect_uri=http://127.0.0.1/cb"
        );
        let answer = self.send("POST", &path, &[], &format!("account={account}&decision=approve")).await;
        let location = answer.headers["location"].to_str().unwrap().to_owned();
        location.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned()
    }

    async fn token(&self, form: &str) -> Answer {
        self.send("POST", "/oauth/token", &[("authorization", &format!("Bearer {PLATFORM}"))], form).await
    }
}

impl Answer {
    /// The ids of a page.
    fn ids(&self) -> Vec<String> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Status, code and parameter of an error.
    fn error(&self) -> (u16, &str, &str) {
        let error = &self.body["error"];
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        (self.status.as_u16(), text("code"), text("param"))
    }
}
