//! Rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format").

use std::mem;

use bytes::Bytes;
use common::{event::Event, time::UnixMicros};

/// The columns of a row, in the order in which they are encoded.
pub const COLUMNS: &str = "occurred_at, accepted_at, event_id, value_micros, duration_ms, \
    event_type, user_id, session_id, page, referrer, country, device, browser, os, properties";
const COLUMN_COUNT: i16 = 15;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const NO_FLAGS_NO_EXTENSION: [u8; 8] = [0; 8];
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
const JSONB_VERSION: u8 = 1;

/// About so much is sent at once: enough to be cheap, little enough to stay in the cache.
const PIECE: usize = 64 * 1024;
/// Most rows are smaller, so that a piece rarely grows.
const ROW: usize = 2 * 1024;

/// Encoded rows in pieces, ready to be sent as they are.
#[derive(Debug)]
pub struct CopyRows {
    full: Vec<Bytes>,
    piece: Vec<u8>,
}

impl Default for CopyRows {
    fn default() -> Self {
        let mut piece = Vec::with_capacity(PIECE);
        piece.extend_from_slice(SIGNATURE);
        piece.extend_from_slice(&NO_FLAGS_NO_EXTENSION);
        Self {
            full: Vec::new(),
            piece,
        }
    }
}

impl CopyRows {
    /// The document, closed.
    #[must_use]
    pub fn finish(mut self) -> Vec<Bytes> {
        self.piece.extend_from_slice(&TRAILER);
        self.full.push(self.piece.into());
        self.full
    }

    pub fn push(&mut self, event: &Event<'_>, accepted_at: UnixMicros) {
        if self.piece.len() + ROW > PIECE {
            let piece = mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
            self.full.push(piece.into());
        }
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
