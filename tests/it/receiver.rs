//! A receiver of webhooks of our own: it notes what it hears and answers as it is told, also in every bad way.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::house::House;

/// How a receiver answers.
#[derive(Clone, Debug)]
pub enum Manner {
    /// With this status, these headers and this body.
    Says(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Not within any time.
    Hangs,
    /// With 200 and a body without end.
    Endless,
}

impl Manner {
    /// A bare status.
    pub fn status(status: u16) -> Self {
        Self::Says(status, Vec::new(), Vec::new())
    }
}

/// What a receiver heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Heard {
    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Debug)]
struct Inner {
    manner: Mutex<Manner>,
    heard: Mutex<Vec<Heard>>,
}

/// A receiver on a port of its own.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens: `http://...` without a path.
    pub url: String,
    inner: Arc<Inner>,
    serving: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap()).await
    }

    /// One at this address.
    pub async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { manner: Mutex::new(Manner::status(200)), heard: Mutex::default() });
        let router = Router::new().fallback(hear).with_state(Arc::clone(&inner));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, serving }
    }

    /// From now on it answers so.
    pub fn answer(&self, manner: Manner) {
        *self.inner.manner.lock().unwrap() = manner;
    }

    /// What it heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.inner.heard.lock().unwrap().clone()
    }

    /// How often it heard something.
    pub fn count(&self) -> usize {
        self.inner.heard.lock().unwrap().len()
    }

    /// A consumer at this receiver that is told of everything: its id.
    pub async fn subscribe(&self, house: &House, key: &str) -> String {
        subscribe(house, key, &json!({ "url": format!("{}/hook", self.url), "eventTypes": ["*"] })).await
    }
}

/// A consumer as asked for: its id.
pub async fn subscribe(house: &House, key: &str, asked: &Value) -> String {
    let (status, made) = house.post("/webhooks", key, asked).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn hear(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    inner.heard.lock().unwrap().push(Heard { headers, body });
    let manner = inner.manner.lock().unwrap().clone();
    match manner {
        Manner::Says(status, headers, body) => {
            let mut answer = (StatusCode::from_u16(status).unwrap(), body).into_response();
            for (name, value) in headers {
                answer.headers_mut().insert(name, value.parse().unwrap());
            }
            answer
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Endless => {
            let part = || async { Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 8 << 10])), ())) };
            Body::from_stream(futures::stream::unfold((), move |()| part())).into_response()
        }
    }
}

/// A host that takes connections and breaks them off: its URL and how many it broke.
pub async fn resetting() -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let broken = Arc::new(Mutex::new(0));
    let count = Arc::clone(&broken);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut some = [0; 16];
            let _ = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut some)).await;
            *count.lock().unwrap() += 1;
        }
    });
    (url, broken)
}
