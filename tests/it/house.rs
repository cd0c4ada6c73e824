//! A whole house for one test: a database of its own, a clock that stands still, the true router on a real socket, and a
//! simulated Stripe. Nothing is shared between tests, so they run side by side.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use serde_json::Value;
use simulator::http::{DEFAULT_CLIENT_ID, DEFAULT_SECRET_KEY, Options, Running};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tributary::clock::{Clock, ManualClock, SharedClock};
use tributary::config::{Retention, Webhooks};
use tributary::connect::api_keys;
use tributary::connect::integrations::{self, Change};
use tributary::connect::keys::Keys;
use tributary::courier::Courier;
use tributary::courier::address::{Names, Rules};
use tributary::store;
use tributary::store::trouble::Trouble;
use tributary::stripe::client::{Gate, Settings as StripeSettings};
use tributary::vault::MasterKey;
use tributary::web;
use tributary::work::{self, Worker};
use url::Url;

/// Makes two tests of one body, `<name>::sqlite` and `<name>::postgres`:
/// `both! { async fn a_sentence(house: House) { ... } }`, or with `ground: Ground` when the database is enough.
#[macro_export]
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($house:ident: $kind:ty) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "a short body may not need all of its file")]
            use super::*;

            async fn body($house: $kind) $body

            $(#[$meta])*
            #[tokio::test]
            async fn sqlite() {
                body(<$kind>::on($crate::house::Kind::Sqlite).await).await;
            }

            $(#[$meta])*
            #[tokio::test]
            async fn postgres() {
                body(<$kind>::on($crate::house::Kind::Postgres).await).await;
            }
        }
    )+};
}

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the server of `TEST_DATABASE_URL`.
    Postgres,
}

/// A migrated database that goes with the test, and a clock that stands still.
#[derive(Debug)]
pub struct Ground {
    /// The database.
    pub db: store::Db,
    /// Its URL, for a binary that is started on it.
    pub url: String,
    /// The time: when the test began, until it is moved.
    pub clock: ManualClock,
    /// The key that wraps all keys.
    pub master: MasterKey,
    _home: Home,
}

impl Ground {
    /// A database of this kind.
    pub async fn on(kind: Kind) -> Self {
        let (url, home) = match kind {
            Kind::Sqlite => migrated_sqlite().await,
            Kind::Postgres => postgres(TEMPLATE).await,
        };
        Self::of(url, home).await.with_defaults().await
    }

    /// A database without any schema.
    pub async fn bare(kind: Kind) -> Self {
        let (url, home) = match kind {
            Kind::Sqlite => sqlite(),
            Kind::Postgres => postgres("template1").await,
        };
        Self::of(url, home).await
    }

    /// A database that somebody else looks after.
    pub async fn at(url: &str) -> Self {
        let ground = Self::of(url.to_owned(), Home::Elsewhere).await;
        store::database::migrate(&ground.db).await.unwrap();
        ground.with_defaults().await
    }

    async fn of(url: String, home: Home) -> Self {
        let db = store::open(&url).await.unwrap();
        Self { db, url, clock: ManualClock::at(now()), master: MasterKey::generate(), _home: home }
    }

    async fn with_defaults(self) -> Self {
        store::integrations::ensure_defaults(&self.db, now()).await.unwrap();
        self
    }

    /// Whether it is a SQLite file.
    pub fn url_is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// A file in a folder of its own.
    pub async fn sqlite() -> Self {
        Self::on(Kind::Sqlite).await
    }

    /// The clock, to be handed around.
    pub fn shared_clock(&self) -> SharedClock {
        Arc::new(self.clock.clone())
    }

    /// Keys under the house's master key; those of two calls open the same.
    pub fn keys(&self) -> Keys {
        Keys::new(self.master.clone(), self.shared_clock())
    }
}

/// A ground with the router on a real socket and a simulated Stripe beside it.
pub struct House {
    /// The database and the clock.
    pub ground: Ground,
    /// The simulated Stripe.
    pub simulator: Running,
    /// The way to it.
    pub gate: Gate,
    /// The addresses of receivers' hosts.
    pub names: TestNames,
    /// What the handlers have at hand.
    pub app: web::App,
    /// The worker; it does nothing unless it is told to, by [`House::work`].
    pub worker: Worker,
    /// Where the platform listens: `http://127.0.0.1:...` without a trailing slash.
    pub url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl House {
    /// A house on a database of this kind, beside a small simulated Stripe that approves by itself.
    pub async fn on(kind: Kind) -> Self {
        Self::beside(kind, Options { charges: 300, auto_approve: true, ..Options::default() }).await
    }

    /// A house beside a Stripe of these options.
    pub async fn beside(kind: Kind, stripe: Options) -> Self {
        Self::around(Ground::on(kind).await, stripe).await
    }

    /// A house on this ground.
    pub async fn around(ground: Ground, stripe: Options) -> Self {
        let simulator = simulator::http::start(stripe).await.unwrap();
        simulator.clock.hold();
        let base: Url = simulator.url.parse().unwrap();
        let settings = StripeSettings {
            api_base: base.clone(),
            connect_base: base,
            rate_per_endpoint: Some(0),
            rate_per_account: Some(0),
            timeout: Duration::from_secs(20),
        };
        let gate = Gate::new(settings).unwrap();
        let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let names = TestNames::default();
        let courier = names.courier("127.0.0.0/8");
        let app = web::App::new(web::Inner {
            db: ground.db.clone(),
            clock: ground.shared_clock(),
            keys: ground.keys(),
            stripe: gate.clone(),
            courier: courier.clone(),
            settings: web::Settings {
                public_url: url.parse().unwrap(),
                link_hours: 24,
                session_minutes: 30,
                portal_hours: 12,
                body_limit: 1 << 20,
                daily_quota: 0,
                webhook_tolerance: 300,
            },
            trouble: Trouble::default(),
            draining: CancellationToken::new(),
            portal_file: portal::file,
        });
        let router = web::router(app.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let worker = Worker {
            db: ground.db.clone(),
            clock: ground.shared_clock(),
            keys: ground.keys(),
            stripe: gate.clone(),
            courier,
            trouble: app.trouble.clone(),
            public_url: app.settings.public_url.clone(),
            settings: work::Settings {
                concurrency: 1,
                lease: Duration::from_secs(30),
                poll: Duration::from_millis(10),
                slice: Duration::MAX,
                retention: Retention { changes_days: 90, deliveries_days: 30, datasets_days: 90 },
                disable_after: chrono::Duration::days(5),
                daily_quota: 0,
            },
        };
        Self { ground, simulator, gate, names, app, worker, url, serving }
    }

    /// Asks for what is due and does every job that is due now, until none is left. Returns how many were done.
    pub async fn work(&self) -> usize {
        work::tick::tick(&self.db, self.clock.now()).await.unwrap();
        let mut done = 0;
        while self.worker.step(CancellationToken::new()).await.unwrap() {
            done += 1;
        }
        done
    }

    /// Makes events of what happened, and sends what is due, until nothing is.
    pub async fn tell(&self) {
        work::relay::relay(&self.db, &self.worker.public_url).await.unwrap();
        work::tick::tick(&self.db, self.clock.now()).await.unwrap();
        while self.worker.tell(CancellationToken::new()).await.unwrap() {}
    }

    /// A new API key.
    pub async fn api_key(&self) -> String {
        let app = &self.app;
        let (_, key) = api_keys::create(&app.db, &app.keys, app.clock.as_ref(), None).await.unwrap();
        key.expose_secret().to_owned()
    }

    /// Sets `yzth` up for the house's simulated Stripe.
    pub async fn integrate(&self, change: Change) {
        let change = Change {
            client_id: Some(DEFAULT_CLIENT_ID.to_owned()),
            secret_key: Some(DEFAULT_SECRET_KEY.to_owned().into()),
            ..change
        };
        integrations::set(self.app.means(), "yzth", change).await.unwrap();
    }

    /// The status and the JSON that a path answers with to an API key; `Null` for an answer without a body.
    pub async fn get(&self, path: &str, key: &str) -> (u16, Value) {
        self.send(reqwest::Method::GET, path, key, None).await
    }

    /// The same for a POST of JSON.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        self.send(reqwest::Method::POST, path, key, Some(body)).await
    }

    /// The same for any method. An empty key sends none.
    pub async fn send(&self, method: reqwest::Method, path: &str, key: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = http().request(method, format!("{}{path}", self.url));
        if !key.is_empty() {
            let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key);
            request = request.header("authorization", format!("Basic {basic}"));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let json =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        (status, json)
    }
}

impl std::ops::Deref for House {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Addresses of receivers' hosts, as a test sets them; other names lead nowhere.
#[derive(Clone, Debug, Default)]
pub struct TestNames(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>);

impl TestNames {
    /// From now on a name leads to these addresses.
    pub fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.lock().unwrap().insert(name.to_owned(), addresses);
    }

    /// A courier that finds addresses here and may dial these private networks.
    pub fn courier(&self, networks: &str) -> Courier {
        let settings =
            Webhooks { networks: networks.parse().unwrap(), timeout: Duration::from_secs(2), ..Webhooks::default() };
        Courier::new(Rules::new(&settings), settings.timeout, Arc::new(self.clone())).unwrap()
    }
}

impl Names for TestNames {
    fn look_up(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let found = self.0.lock().unwrap().get(&name).cloned();
        Box::pin(async move { found.ok_or_else(|| std::io::Error::other("there is no such name")) })
    }
}

fn now() -> DateTime<Utc> {
    tributary::clock::SystemClock.now()
}

/// A client for requests of any test: it keeps no connection, which would belong to the runtime of one test, and reads the
/// system's certificates once for all.
pub fn http() -> reqwest::Client {
    static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| client().pool_max_idle_per_host(0).build().unwrap());
    HTTP.clone()
}

/// What a client of a test's own is built with.
pub fn client() -> reqwest::ClientBuilder {
    tributary::tls::install();
    reqwest::Client::builder()
}

/// What goes with the database when the test ends, even by a panic.
#[derive(Debug)]
enum Home {
    Folder(#[expect(dead_code, reason = "it is kept for its end")] tempfile::TempDir),
    Server { admin: String, name: String },
    Elsewhere,
}

fn sqlite() -> (String, Home) {
    let folder = tempfile::tempdir().unwrap();
    (format!("sqlite://{}", folder.path().join("house.db").display()), Home::Folder(folder))
}

/// A copy of a file that is migrated once for the whole run.
async fn migrated_sqlite() -> (String, Home) {
    static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
    let file = MIGRATED.get_or_init(migrate_file).await;
    let (url, home) = sqlite();
    std::fs::write(url.trim_start_matches("sqlite://"), file).unwrap();
    (url, home)
}

async fn migrate_file() -> Vec<u8> {
    let (url, _home) = sqlite();
    let db = store::open(&url).await.unwrap();
    store::database::migrate(&db).await.unwrap();
    // The last connection that is closed writes the log into the file.
    db.close().await.unwrap();
    let file = url.trim_start_matches("sqlite://");
    assert!(!std::path::Path::new(&format!("{file}-wal")).exists(), "a copy would miss what is in the log");
    std::fs::read(file).unwrap()
}

const TEMPLATE: &str = "tributary_test_template";

/// A copy of a template that is migrated once for the whole run.
async fn postgres(template: &str) -> (String, Home) {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    let admin = server();
    MIGRATED.get_or_init(|| migrate_template(&admin)).await;
    let name = format!("tributary_test_{}", uuid::Uuid::new_v4().simple());
    execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    (named(&admin, &name), Home::Server { admin, name })
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn server() -> String {
    let url = std::env::var("TEST_DATABASE_URL").ok();
    url.expect("TEST_DATABASE_URL is not set: run `make test`, or `scripts/with-postgres cargo test --release`")
}

async fn migrate_template(admin: &str) {
    execute(admin, &format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await;
    execute(admin, &format!("CREATE DATABASE {TEMPLATE}")).await;
    let db = store::open(&named(admin, TEMPLATE)).await.unwrap();
    store::database::migrate(&db).await.unwrap();
    // A database with connections cannot be copied.
    db.close().await.unwrap();
}

/// The same server, another database.
fn named(admin: &str, name: &str) -> String {
    let mut url: Url = admin.parse().unwrap();
    url.set_path(name);
    url.to_string()
}

async fn execute(admin: &str, sql: &str) {
    let db = store::open(admin).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

impl Drop for Home {
    fn drop(&mut self) {
        let Self::Server { admin, name } = self else { return };
        let (admin, name) = (admin.clone(), name.clone());
        // A thread of its own, since this one's runtime cannot be waited for within it.
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        assert!(gone.join().is_ok() || std::thread::panicking(), "a test's database could not be dropped");
    }
}
