//! From the database's rows to a file's bytes, no faster than these are taken.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{anyhow, bail};
use futures::stream::{Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::rows::Origin;
use super::{Encode, Error};

/// Bytes that are gathered before they are handed over.
const PIECE: usize = 64 << 10;
/// How long a piece waits to be taken. Who takes none for so long is gone, and would keep the database from tidying up.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is handed over.
enum Part {
    Bytes(Vec<u8>),
    Broken(anyhow::Error),
    /// All of it was handed over. Without this a file is not whole, whatever became of its maker.
    End,
}

/// A file, piece by piece. It ends only when it is whole; anything else is an error.
#[derive(Debug)]
pub struct Pieces {
    parts: Receiver<Part>,
    first: Option<Part>,
    ended: bool,
    place: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(out, "Bytes({})", bytes.len()),
            Self::Broken(error) => write!(out, "Broken({error})"),
            Self::End => out.write_str("End"),
        }
    }
}

impl Pieces {
    /// The same file, which keeps a place until it is done with.
    #[must_use]
    pub fn holding(mut self, place: OwnedSemaphorePermit) -> Self {
        self.place = Some(place);
        self
    }
}

impl Stream for Pieces {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let part = match self.first.take() {
            Some(part) => Some(part),
            None => match self.parts.poll_recv(context) {
                Poll::Ready(part) => part,
                Poll::Pending => return Poll::Pending,
            },
        };
        Poll::Ready(match part {
            Some(Part::Bytes(bytes)) => Some(Ok(bytes)),
            Some(Part::End) => {
                self.ended = true;
                None
            }
            Some(Part::Broken(error)) => {
                self.ended = true;
                tracing::error!(error = ?error, "an export broke off");
                Some(Err(io::Error::other(format!("the export broke off: {error:#}"))))
            }
            None => {
                self.ended = true;
                tracing::error!("an export broke off without a word");
                Some(Err(io::Error::other("the export broke off")))
            }
        })
    }
}

/// Begins to make the file. What goes wrong before its first bytes is an error here.
pub(super) async fn begin(origin: Origin, encoder: Box<dyn Encode>) -> Result<Pieces, Error> {
    let (to, mut parts) = mpsc::channel(2);
    tokio::spawn(async move {
        let last = match made(&origin, encoder, &to).await {
            Ok(()) => Part::End,
            Err(error) => Part::Broken(error),
        };
        // Whoever asked may be gone; then nobody misses it.
        let _ = to.send(last).await;
    });
    match parts.recv().await {
        Some(Part::Broken(error)) => Err(Error::fault(error)),
        first => Ok(Pieces { parts, first, ended: false, place: None }),
    }
}

async fn made(origin: &Origin, mut encoder: Box<dyn Encode>, to: &Sender<Part>) -> anyhow::Result<()> {
    let mut rows = origin.rows().await?;
    let mut taken = 0;
    while let Some(row) = rows.next().await {
        let row = row?;
        encoder.row(&row)?;
        taken += row.len();
        if taken >= PIECE {
            taken = 0;
            hand_over(encoder.ready()?, to).await?;
        }
    }
    hand_over(encoder.finish()?, to).await
}

async fn hand_over(bytes: Vec<u8>, to: &Sender<Part>) -> anyhow::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    match tokio::time::timeout(PATIENCE, to.send(Part::Bytes(bytes))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => bail!("whoever asked for it is gone"),
        Err(_) => Err(anyhow!("nothing of it was taken for {} seconds", PATIENCE.as_secs())),
    }
}
