//! Starting and stopping: in a process of its own or within another program.

use super::clock::Clock;
use super::counters::{Counters, NO_ANSWER};
use super::faults::{self, Asking, Faults, Spot};
use super::journal::Journal;
use super::options::{Args, Options};
use super::settings::Settings;
use super::shared::{PLATFORM_ACCOUNT, Shared, own_key};
use super::webhooks::Webhooks;
use super::wire::{Line, Wires};
use super::{api, control, index, life, oauth};
use crate::world::{self, Action, World};
use anyhow::Context;
use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::DateTime;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A simulator that serves. One that is dropped stops too, without being waited for.
pub struct Running {
    /// Where it is, for the API and for Connect alike: `http://127.0.0.1:12111`.
    pub url: String,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its accounts and their objects.
    pub world: Arc<World>,
    /// Its time, which can be moved on.
    pub clock: Clock,
    /// What goes wrong on purpose.
    pub faults: Arc<Faults>,
    /// What has been served.
    pub counters: Arc<Counters>,
    /// Who is told of events, and what goes wrong with that on purpose.
    pub webhooks: Arc<Webhooks>,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// How it behaves now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.shared.settings()
    }

    /// Switches how it behaves: `running.switch(|settings| settings.rate_limit = true)`.
    ///
    /// # Panics
    /// For a setting that cannot hold.
    pub fn switch(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        let set = self.shared.set(settings);
        assert!(set.is_ok(), "{set:?}");
    }

    /// Makes something happen in an account and returns the events of it; it is journaled, and webhooks tell it at once.
    ///
    /// # Errors
    /// A sentence that says why it cannot happen.
    pub fn act(&self, account: &str, action: Action) -> Result<Vec<Value>, String> {
        self.shared.act(account, action, self.clock.seconds())
    }

    /// As if the owner had removed the platform in the Dashboard; whether the account was connected.
    #[must_use]
    pub fn revoke(&self, account: &str) -> bool {
        self.shared.disconnect(account)
    }

    /// Stops listening, answers what has been asked, and waits for the end of it.
    ///
    /// # Errors
    /// When serving had failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        // The receiver is gone only when serving has ended already.
        let _ = self.stop.send(());
        self.served.await.context("the simulator's task failed")?.context("the simulator could not serve")
    }
}

/// Makes the world and serves it.
///
/// # Errors
/// When an option is not allowed or the address cannot be listened on.
#[must_use]
pub fn start(options: Options) -> BoxFuture<'static, anyhow::Result<Running>> {
    // Boxed, so that the whole of it is compiled here, once, and not anew in each program that starts one.
    begin(options).boxed()
}

async fn begin(options: Options) -> anyhow::Result<Running> {
    options.check()?;
    let clock = Clock::default();
    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", options.listen))?;
    let addr = listener.local_addr()?;
    let made_from = world::Options {
        seed: options.seed,
        charges: options.charges,
        accounts: options.accounts,
        now: options.now.unwrap_or_else(|| clock.seconds()),
    };
    let (kept, fixed) = (options.journal.clone(), options.now.is_some());
    let making = tokio::task::spawn_blocking(move || match kept {
        Some(path) => Journal::open(&path, made_from, fixed),
        None => Ok((Journal::default(), World::new(&made_from))),
    });
    let (journal, world) = making.await??;
    let world = Arc::new(world);
    let shared = Arc::new(Shared::new(world.clone(), options, clock.clone(), journal)?);
    let (app, kept) = (router(shared.clone()), shared.clone());
    let (stop, stopped) = oneshot::channel();
    let (faults, counters, webhooks) = (shared.faults.clone(), shared.counters.clone(), shared.webhooks.clone());
    let service = app.into_make_service_with_connect_info::<Line>();
    let waiting = shared.faults.clone();
    let serving = axum::serve(Wires(listener), service).with_graceful_shutdown(async move {
        let _ = stopped.await;
        // What is silent on purpose would never be answered.
        waiting.end();
    });
    let served = tokio::spawn(async move {
        // Life ends with the serving: a delivery that is under way is not waited for.
        tokio::select! {
            served = serving.into_future() => served,
            () = forever(life::live(shared)) => Ok(()),
        }
    });
    Ok(Running {
        url: format!("http://{addr}"),
        addr,
        world,
        clock,
        faults,
        counters,
        webhooks,
        shared: kept,
        stop,
        served,
    })
}

/// Does what it is given, and then waits for ever.
async fn forever(what: impl Future<Output = ()>) {
    what.await;
    std::future::pending::<()>().await;
}

/// Serves until `shutdown` is done; says on standard output where and what.
///
/// # Errors
/// As [`start`] and [`Running::stop`].
pub async fn run(args: Args, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let options = Options::from(args);
    let livemode = options.livemode();
    let running = start(options).await?;
    println!("A Stripe simulator listens on {}", running.url);
    for account in running.world.accounts() {
        println!("  {}  {} ({}, {} charges)", account.id, account.name, account.description, account.charges);
    }
    println!("Accounts, with a key of each:  curl {}/_simulator/accounts", running.url);
    if let Some(first) = running.world.accounts().first() {
        let own = own_key(livemode, &first.id);
        println!("The newest charge of the first:  curl -u {own}: {}/v1/charges?limit=1", running.url);
    }
    shutdown.await;
    running.stop().await
}

/// All routes; `/v1/...` is everything that is nothing else.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/oauth/authorize", get(oauth::authorize::show).post(oauth::authorize::answer))
        .route("/oauth/token", post(oauth::token::token))
        .route("/oauth/deauthorize", post(oauth::token::deauthorize))
        .layer(from_fn_with_state(shared.clone(), counted))
        .route("/", get(index::show))
        .route("/oauth/authorize.css", get(style))
        .nest("/_simulator", control::routes())
        .fallback(api::handle)
        .layer(from_fn_with_state(shared.clone(), dated))
        .with_state(shared)
}

/// Every answer is of the clock's time, which may have been moved; otherwise the machine's would be written.
async fn dated(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = DateTime::from_timestamp(shared.clock.seconds(), 0).map(|now| now.format("%a, %d %b %Y %H:%M:%S GMT"));
    if let Some(now) = now.and_then(|now| HeaderValue::from_str(&now.to_string()).ok()) {
        response.headers_mut().insert(header::DATE, now);
    }
    response
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], oauth::page::STYLE)
}

/// OAuth's requests are counted, and meet faults as those of the API do.
async fn counted(State(shared): State<Arc<Shared>>, path: MatchedPath, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (method, line) = (parts.method.clone(), parts.extensions.get::<ConnectInfo<Line>>().cloned());
    let under_way = shared.counters.begin(api::visit(&parts, &method, path.as_str(), None));
    let asking = Asking { method: method.as_str(), pattern: path.as_str(), account: None, list: false, cursor: false };
    let met = shared.faults.meet(&asking);
    let line = line.as_ref().map(|ConnectInfo(line)| line);
    let request = Request::from_parts(parts, body);
    let mut response = match &met {
        None => next.run(request).await,
        Some(met) => {
            let spot = Spot { account: PLATFORM_ACCOUNT, line, faults: &shared.faults, rule: met.number };
            match faults::instead(&met.rule.fault, spot).await {
                Some(answer) => answer,
                None => faults::spoilt(&met.rule.fault, next.run(request).await, spot).await,
            }
        }
    };
    if let Ok(id) = HeaderValue::from_str(&api::request_id()) {
        response.headers_mut().insert("request-id", id);
    }
    let cut_off = met.is_some_and(|met| met.rule.fault.answers_nothing());
    under_way.end(if cut_off { NO_ANSWER } else { response.status().as_u16() });
    response
}
