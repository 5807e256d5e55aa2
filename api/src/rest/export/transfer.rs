//! From the database to one client, piece by piece.

use std::{io, time::Duration};

use axum::body::Bytes;
use common::auth::Caller;
use flate2::{Compression, write::GzEncoder};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    error::causes,
    observe,
    query::{
        database::QueryError,
        export::{Export, Place},
    },
};

/// Pieces of 64 KiB between the database and the client.
const PIECES: usize = 4;
/// A client that reads nothing for this long is cut off: it holds a snapshot of the database.
const STALLED: Duration = Duration::from_secs(30);

/// A client makes an export wait for so long in all before it is asked how fast it is.
const GRACE: Duration = Duration::from_secs(60);
/// Bytes that a client takes in a second of waiting, at least: places are few.
const SLOWEST: u64 = 64 * 1024;

pub(super) enum Piece {
    Part(Bytes),
    /// Nothing is missing: without it the client must not see a regular end.
    End,
}

/// Why an export stops before its end.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the client left")]
    ClientLeft,
    #[error("the client took nothing for {} seconds", STALLED.as_secs())]
    ClientStalled,
    #[error("the client took less than {SLOWEST} bytes a second")]
    ClientSlow,
    #[error("the key that it was asked for with is no more in force")]
    KeyRevoked,
    #[error("it took longer than it may")]
    TooLong,
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("what was read can't be compressed")]
    Gzip(#[from] io::Error),
}

/// How fast a client takes what there is. The time that the database needs isn't its own.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    taken: u64,
}

impl Pace {
    fn took(&mut self, bytes: usize, waited: Duration) {
        self.taken += bytes as u64;
        self.waited += waited;
    }

    fn is_too_slow(&self) -> bool {
        self.waited > GRACE && self.taken < SLOWEST * self.waited.as_secs()
    }
}

/// Reads on one side, hands on at the other.
pub(super) struct Transfer {
    export: Export,
    pieces: mpsc::Sender<Piece>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    deadline: Instant,
    caller: Caller,
    pace: Pace,
}

impl Transfer {
    pub(super) fn new(
        export: Export,
        gzip: bool,
        deadline: Instant,
        caller: Caller,
    ) -> (Self, mpsc::Receiver<Piece>) {
        let (pieces, taken) = mpsc::channel(PIECES);
        let transfer = Self {
            export,
            pieces,
            gzip: gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
            deadline,
            caller,
            pace: Pace::default(),
        };
        (transfer, taken)
    }

    /// Ends with the export, with its deadline, or when the client has gone.
    pub(super) async fn run(mut self, place: Place) {
        let whole = match self.hand_on().await {
            Ok(()) => self.end(place).await,
            Err(broken) => Err(broken),
        };
        match whole {
            Ok(events) => observe::export_ended(events),
            Err(Broken::ClientLeft) => observe::export_left(),
            Err(error) => observe::export_broken(&causes(&error)),
        }
    }

    /// A client that sees the end may ask for the next export at once: its place is free by then.
    async fn end(self, place: Place) -> Result<u64, Broken> {
        let events = self.export.events();
        // Every row was handed on: what becomes of the connection no longer matters to the export.
        let _ = self.export.finish().await;
        drop(place);
        send(&self.pieces, Piece::End, self.deadline).await?;
        Ok(events)
    }

    async fn hand_on(&mut self) -> Result<(), Broken> {
        while let Some(piece) = self.read().await? {
            if let Some(part) = self.packed(piece)? {
                self.hand(part).await?;
            }
        }
        if let Some(gzip) = self.gzip.take() {
            self.hand(gzip.finish()?.into()).await?;
        }
        Ok(())
    }

    async fn hand(&mut self, part: Bytes) -> Result<(), Broken> {
        if self.caller.is_revoked() {
            return Err(Broken::KeyRevoked);
        }
        let (bytes, began) = (part.len(), Instant::now());
        send(&self.pieces, Piece::Part(part), self.deadline).await?;
        self.pace.took(bytes, began.elapsed());
        match self.pace.is_too_slow() {
            true => Err(Broken::ClientSlow),
            false => Ok(()),
        }
    }

    async fn read(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        tokio::select! {
            () = self.pieces.closed() => Err(Broken::ClientLeft),
            piece = timeout_at(self.deadline, self.export.piece()) => match piece {
                Ok(piece) => Ok(piece?),
                Err(_) => Err(Broken::TooLong),
            },
        }
    }

    fn packed(&mut self, piece: Vec<u8>) -> Result<Option<Bytes>, Broken> {
        let Some(gzip) = &mut self.gzip else {
            return Ok(Some(piece.into()));
        };
        io::Write::write_all(gzip, &piece)?;
        let packed = std::mem::take(gzip.get_mut());
        Ok((!packed.is_empty()).then(|| packed.into()))
    }
}

async fn send(pieces: &mpsc::Sender<Piece>, piece: Piece, deadline: Instant) -> Result<(), Broken> {
    let stalled = Instant::now() + STALLED;
    match timeout_at(stalled.min(deadline), pieces.send(piece)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Broken::ClientLeft),
        Err(_) if stalled < deadline => Err(Broken::ClientStalled),
        Err(_) => Err(Broken::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_slow_by_the_time_that_it_makes_others_wait() {
        let pace = |pieces: usize, each: Duration| {
            let mut pace = Pace::default();
            (0..pieces).for_each(|_| pace.took(64 * 1024, each));
            pace.is_too_slow()
        };
        let second = Duration::from_secs(1);
        assert!(!pace(10_000, Duration::ZERO), "the database took the time");
        assert!(!pace(30, 2 * second), "a minute is everybody's");
        assert!(pace(31, 2 * second));
        assert!(!pace(600, second), "it takes 64 KiB a second");
        assert!(pace(600, second + second / 10));
    }
}
