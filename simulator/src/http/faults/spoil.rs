//! Answers that are something else, or come to nothing on their way.

use super::super::wire::Line;
use super::{Fault, Faults, Point};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream::{self, Stream};
use std::io::{self, Write};
use std::time::Duration;

/// Where a fault happens.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    /// Which account is asked for, `acct_…`.
    pub account: &'a str,
    /// The connection; none in a test without sockets.
    pub line: Option<&'a Line>,
    /// What ends waiting.
    pub faults: &'a Faults,
    /// The number of the rule.
    pub rule: u64,
}

/// The answer of a fault that needs no true one; `None` for one that does.
pub async fn instead(fault: &Fault, spot: Spot<'_>) -> Option<Response> {
    Some(match fault {
        Fault::Status(refusal) => refusal.response(spot.account),
        Fault::Silence => {
            spot.faults.ended().await;
            broken(spot.line)
        }
        Fault::Reset { after: Point::Nothing } => broken(spot.line),
        Fault::Garbage => json(Bytes::from_static(b"\x89\x00\xff\xfe{]not json\r\n\x1b")),
        Fault::WrongShape => json(Bytes::from_static(br#"{"object":"list","has_more":"no","data":{"0":null}}"#)),
        Fault::Html { status } => html(*status),
        Fault::OkError => {
            json(Bytes::from_static(br#"{"error":{"type":"api_error","message":"An unknown error occurred."}}"#))
        }
        Fault::Huge { bytes } => huge(*bytes),
        _ => return None,
    })
}

/// What a fault makes of the true answer on its way.
pub async fn spoilt(fault: &Fault, truth: Response, spot: Spot<'_>) -> Response {
    match fault {
        Fault::Delay { ms } => {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(*ms)) => {}
                () = spot.faults.ended() => {}
                () = spot.faults.taken_away(spot.rule) => {}
            }
            truth
        }
        Fault::Reset { after: Point::Headers } => {
            if let Some(line) = spot.line {
                line.reset_at_end();
            }
            with_body(truth, |bytes| (bytes.len(), Body::from_stream(first_half(bytes)))).await
        }
        Fault::Cut => with_body(truth, |bytes| (bytes.len(), Body::from_stream(first_half(bytes)))).await,
        Fault::WrongLength => {
            with_body(truth, |bytes| (bytes.len() / 2, Body::from(bytes.slice(..bytes.len() / 2)))).await
        }
        Fault::Empty => with_body(truth, |_| (0, Body::empty())).await,
        Fault::Drip { ms } => {
            let pause = Duration::from_millis(*ms);
            let ending = spot.faults.watch();
            with_body(truth, |bytes| (bytes.len(), Body::from_stream(drops(bytes, pause, ending)))).await
        }
        Fault::Gzip => zipped(truth).await,
        _ => truth,
    }
}

fn json(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn html(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let name = status.canonical_reason().unwrap_or_default();
    let page = format!("<html>\r\n<head><title>{status}</title></head>\r\n<body><h1>{name}</h1></body>\r\n</html>\r\n");
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// An answer of which nothing is sent. Without a socket only its status tells.
fn broken(line: Option<&Line>) -> Response {
    if let Some(line) = line {
        line.reset_now();
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

async fn with_body(truth: Response, change: impl FnOnce(Bytes) -> (usize, Body)) -> Response {
    let (mut parts, body) = truth.into_parts();
    // The body is at hand already, so reading it cannot fail.
    let (length, body) = change(to_bytes(body, usize::MAX).await.unwrap_or_default());
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Response::from_parts(parts, body)
}

/// Half of it, time for it to leave, and then a failure.
fn first_half(bytes: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(0, move |step| {
        let half = bytes.slice(..bytes.len() / 2);
        async move {
            match step {
                0 => Some((Ok(half), 1)),
                1 => {
                    // While this waits, the server sends what it has.
                    tokio::task::yield_now().await;
                    Some((Err(io::Error::other("cut on purpose")), 2))
                }
                _ => None,
            }
        }
    })
}

/// Ends early when the server stops.
fn drops(
    bytes: Bytes,
    pause: Duration,
    ending: tokio::sync::watch::Receiver<bool>,
) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold((bytes, ending), move |(mut bytes, mut ending)| async move {
        if bytes.is_empty() {
            return None;
        }
        let stopped = tokio::select! {
            () = tokio::time::sleep(pause) => false,
            _ = ending.wait_for(|ending| *ending) => true,
        };
        if stopped {
            return Some((Err(io::Error::other("the simulator stops")), (Bytes::new(), ending)));
        }
        Some((Ok(bytes.split_to(1)), (bytes, ending)))
    })
}

/// The beginning of a list whose first row has a text that goes on and on.
fn huge(bytes: u64) -> Response {
    let head: &[u8] = br#"{"object":"list","url":"/v1/charges","has_more":true,"data":[{"id":""#;
    let rest = bytes.saturating_sub(head.len() as u64);
    let filler = Bytes::from(vec![b'a'; 64 << 10]);
    let body = stream::unfold((Bytes::from_static(head), rest), move |(next, left)| {
        let size = usize::try_from(left).map_or(filler.len(), |left| left.min(filler.len()));
        let after = (filler.slice(..size), left - size as u64);
        async move { (!next.is_empty()).then_some((Ok::<_, io::Error>(next), after)) }
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn zipped(truth: Response) -> Response {
    let mut truth = with_body(truth, |bytes| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let zipped = encoder.write_all(&bytes).and_then(|()| encoder.finish()).unwrap_or_default();
        (zipped.len(), Body::from(zipped))
    })
    .await;
    truth.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    truth
}
