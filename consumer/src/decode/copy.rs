//! Rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format").

use std::{mem, ops::Range};

use bytes::Bytes;
use common::{event::Event, time::UnixMicros};

/// The columns of a row, in the order in which they are encoded.
pub const COLUMNS: &str = "occurred_at, accepted_at, event_id, value_micros, duration_ms, \
    event_type, user_id, session_id, page, referrer, country, device, browser, os, properties";
const COLUMN_COUNT: i16 = 15;

/// The signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
const JSONB_VERSION: u8 = 1;

/// About so much is sent at once: enough to be cheap, little enough to stay in the cache.
const PIECE: usize = 64 * 1024;
/// Most rows are smaller, so that a piece rarely grows.
const ROW: usize = 2 * 1024;

/// Encodes rows one after the other.
#[derive(Debug, Default)]
pub struct CopyRows {
    document: CopyDocument,
    piece: Vec<u8>,
}

/// Encoded rows in pieces, to be sent as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyDocument {
    pieces: Vec<Bytes>,
    /// Of each row, its piece and where in it the row begins.
    rows: Vec<(u32, u32)>,
}

impl CopyDocument {
    /// The document, its header and its end.
    #[must_use]
    pub fn all(&self) -> Vec<Bytes> {
        framed(self.pieces.iter().cloned())
    }

    /// The document with only the rows of these numbers.
    #[must_use]
    pub fn only(&self, keep: impl Fn(usize) -> bool) -> Vec<Bytes> {
        self.of((0..self.rows.len()).filter(|number| keep(*number)))
    }

    /// The document with only the rows of this range, whose end is at most the number of rows.
    #[must_use]
    pub fn range(&self, rows: Range<usize>) -> Vec<Bytes> {
        self.of(rows)
    }

    fn of(&self, rows: impl Iterator<Item = usize>) -> Vec<Bytes> {
        let mut ranges: Vec<(usize, Range<usize>)> = Vec::new();
        for number in rows {
            let (piece, row) = self.place(number);
            match ranges.last_mut() {
                Some((last, range)) if *last == piece && range.end == row.start => {
                    range.end = row.end;
                }
                _ => ranges.push((piece, row)),
            }
        }
        framed(
            ranges
                .into_iter()
                .map(|(piece, range)| self.pieces[piece].slice(range)),
        )
    }

    fn place(&self, number: usize) -> (usize, Range<usize>) {
        let (piece, start) = self.rows[number];
        let end = match self.rows.get(number + 1) {
            Some((next, end)) if *next == piece => *end as usize,
            _ => self.pieces[piece as usize].len(),
        };
        (piece as usize, start as usize..end)
    }
}

fn framed(rows: impl Iterator<Item = Bytes>) -> Vec<Bytes> {
    let ends = [HEADER, TRAILER].map(|end| std::iter::once(Bytes::from_static(end)));
    let [header, trailer] = ends;
    header.chain(rows).chain(trailer).collect()
}

impl CopyRows {
    #[must_use]
    pub fn finish(mut self) -> CopyDocument {
        if !self.piece.is_empty() {
            self.document.pieces.push(self.piece.into());
        }
        self.document
    }

    pub fn push(&mut self, event: &Event<'_>, accepted_at: UnixMicros) {
        if self.piece.len() + ROW > self.piece.capacity() {
            let piece = mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
            if !piece.is_empty() {
                self.document.pieces.push(piece.into());
            }
        }
        let place = (self.document.pieces.len(), self.piece.len());
        self.document.rows.push((place.0 as u32, place.1 as u32));
        let out = &mut self.piece;
        out.extend_from_slice(&COLUMN_COUNT.to_be_bytes());
        field(&event.occurred_at.to_postgres().to_be_bytes(), out);
        field(&accepted_at.to_postgres().to_be_bytes(), out);
        field(event.event_id.as_bytes(), out);
        match event.value_micros {
            Some(micros) => field(&micros.to_be_bytes(), out),
            None => out.extend_from_slice(&NULL),
        }
        match event.duration_ms {
            Some(ms) => field(&ms.to_be_bytes(), out),
            None => out.extend_from_slice(&NULL),
        }
        field(event.event_type.as_bytes(), out);
        field(event.user_id.as_bytes(), out);
        for text in [
            &event.session_id,
            &event.page,
            &event.referrer,
            &event.country,
            &event.device,
            &event.browser,
            &event.os,
        ] {
            match text {
                Some(text) => field(text.as_bytes(), out),
                None => out.extend_from_slice(&NULL),
            }
        }
        match event.properties {
            Some(json) => {
                out.extend_from_slice(&length(json.len() + 1));
                out.push(JSONB_VERSION);
                out.extend_from_slice(json.as_bytes());
            }
            None => out.extend_from_slice(&NULL),
        }
    }
}

fn field(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&length(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Validation bounds every field far below 2^31 bytes.
fn length(bytes: usize) -> [u8; 4] {
    (bytes as i32).to_be_bytes()
}
