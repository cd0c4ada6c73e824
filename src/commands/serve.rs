//! `tributary serve`: the API, the Link pages and the worker in one process.

use std::net::SocketAddr;

use anyhow::Context;
use futures::FutureExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tributary::config::Config;
use tributary::connect::users;
use tributary::fault;
use tributary::store::trouble::Trouble;
use tributary::store::{self, Db};
use tributary::web;
use url::Url;

use super::settings::Settings;
use super::sqlite_lock::SqliteLock;
use super::{logging, parts, print, signals};

/// The options of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The origin under which browsers and Stripe reach this installation
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// Serves until it is told to end, then drains.
///
/// # Errors
/// When a setting is not usable, there is no master key, another process serves the same file, or the address is taken.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.settings.load([("listen", args.listen), ("public_url", args.public_url)])?;
    logging::start(&config.log)?;
    if let Some(armed) = config.fault {
        fault::arm(armed);
    }
    let shutdown = signals::shutdown()?;
    let lock = SqliteLock::take(&config.database_url)?;
    let serving = Serving::start(&config, lock, shutdown).await?;
    tracing::info!(listen = %serving.bound, public_url = %serving.public_url, "serving");
    invite(&serving).await?;
    serving.ended().await
}

/// Tells whoever started an empty installation how to become its first user.
async fn invite(serving: &Serving) -> anyhow::Result<()> {
    if let Some(token) = users::set_up_token(&serving.app.db, &serving.app.keys).await? {
        let portal = serving.public_url.join(web::portal::PATH)?;
        print(&format!("Nobody can sign in yet. Open {portal} and set up the first user with the token {token}\n"))?;
    }
    Ok(())
}

/// A platform that serves and works.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub bound: SocketAddr,
    /// What browsers call it.
    pub public_url: Url,
    /// What its handlers have at hand.
    pub app: web::App,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
    shutdown: CancellationToken,
    drain: std::time::Duration,
    _lock: Option<SqliteLock>,
}

impl Serving {
    /// Opens everything and begins to serve; `shutdown` ends it. `lock` is that of the database.
    ///
    /// # Errors
    /// As [`run`].
    pub async fn start(config: &Config, lock: Option<SqliteLock>, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let ground = parts::ground(config).await?;
        if lock.is_some() {
            free_leases(&ground.db).await?;
        }
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
        let bound = listener.local_addr()?;
        let public_url = config.public_url(bound)?;
        let settings = web::Settings {
            public_url: public_url.clone(),
            link_hours: config.link.url_hours,
            session_minutes: config.link.session_minutes,
            portal_hours: config.portal_hours,
            body_limit: config.server.body_limit,
            daily_quota: config.server.daily_quota,
            webhook_tolerance: config.stripe.webhook_tolerance,
        };
        let stripe = parts::gate(&config.stripe)?;
        let trouble = Trouble::default();
        let courier = parts::courier(&config.webhooks)?;
        let worker = ground.worker(config, public_url.clone(), stripe.clone(), courier.clone(), trouble.clone());
        let db = parts::open_to_answer(&config.database_url).await?;
        let parts::Ground { clock, keys, .. } = ground;
        let draining = shutdown.clone();
        let portal_file = portal::file;
        let parts = web::Inner { db, clock, keys, stripe, courier, settings, trouble, draining, portal_file };
        let app = web::App::new(parts);
        let tasks = vec![
            tokio::spawn(listen(listener, app.clone(), shutdown.clone())),
            tokio::spawn(worker.run(shutdown.clone()).map(Ok)),
        ];
        Ok(Self { bound, public_url, app, tasks, shutdown, drain: config.server.drain, _lock: lock })
    }

    /// Waits for the end: of a task that fails, or of all of them after a shutdown, but not longer than the drain.
    ///
    /// # Errors
    /// When a task failed.
    pub async fn ended(self) -> anyhow::Result<()> {
        let (shutdown, drain) = (self.shutdown.clone(), self.drain);
        let all = futures::future::try_join_all(self.tasks.into_iter().map(|task| async { task.await? }));
        let patience = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        tokio::select! {
            ended = all => ended.map(drop),
            () = patience => {
                tracing::warn!(seconds = drain.as_secs(), "not everything ended in time; the rest goes on at the next start");
                Ok(())
            }
        }
    }
}

async fn listen(listener: TcpListener, app: web::App, shutdown: CancellationToken) -> anyhow::Result<()> {
    let serving = axum::serve(listener, web::router(app)).with_graceful_shutdown(shutdown.cancelled_owned());
    serving.await.context("the server ended")
}

/// One process works on a SQLite file, so every lease in it is a leftover.
async fn free_leases(db: &Db) -> anyhow::Result<()> {
    let freed = store::jobs::free_all(db).await?;
    if freed > 0 {
        tracing::info!(freed, "jobs that the last process left are free again");
    }
    Ok(())
}
