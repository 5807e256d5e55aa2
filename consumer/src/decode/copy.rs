//! Rows in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format").

use std::mem;

use bytes::{BufMut as _, Bytes, BytesMut};
use common::{event::Event, time::UnixMicros};

/// The columns of a row, in the order in which they are encoded.
pub const COLUMNS: &str = "occurred_at, accepted_at, event_id, value_micros, duration_ms, \
    event_type, user_id, session_id, page, referrer, country, device, browser, os, properties";
const COLUMN_COUNT: i16 = 15;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: i32 = -1;
const JSONB_VERSION: u8 = 1;

/// About so much is sent at once: enough to be cheap, little enough to stay in the cache.
const PIECE: usize = 64 * 1024;
/// Most rows are smaller, so that a piece rarely grows.
const ROW: usize = 2 * 1024;

/// Encoded rows in pieces, ready to be sent as they are.
#[derive(Debug)]
pub struct CopyRows {
    full: Vec<Bytes>,
    piece: BytesMut,
}

impl Default for CopyRows {
    fn default() -> Self {
        let mut piece = BytesMut::with_capacity(PIECE);
        piece.put_slice(SIGNATURE);
        // No flags, no header extension.
        piece.put_i32(0);
        piece.put_i32(0);
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
        self.piece.put_slice(&TRAILER);
        self.full.push(self.piece.freeze());
        self.full
    }

    pub fn push(&mut self, event: &Event<'_>, accepted_at: UnixMicros) {
        if self.piece.len() + ROW > PIECE {
            let piece = mem::replace(&mut self.piece, BytesMut::with_capacity(PIECE));
            self.full.push(piece.freeze());
        }
        let out = &mut self.piece;
        out.put_i16(COLUMN_COUNT);
        instant(event.occurred_at, out);
        instant(accepted_at, out);
        out.put_i32(16);
        out.put_slice(event.event_id.as_bytes());
        match event.value_micros {
            Some(micros) => {
                out.put_i32(8);
                out.put_i64(micros);
            }
            None => out.put_i32(NULL),
        }
        match event.duration_ms {
            Some(ms) => {
                out.put_i32(4);
                out.put_i32(ms);
            }
            None => out.put_i32(NULL),
        }
        text(Some(&event.event_type), out);
        text(Some(&event.user_id), out);
        for field in [
            &event.session_id,
            &event.page,
            &event.referrer,
            &event.country,
            &event.device,
            &event.browser,
            &event.os,
        ] {
            text(field.as_deref(), out);
        }
        match event.properties {
            Some(json) => {
                out.put_i32(length(json) + 1);
                out.put_u8(JSONB_VERSION);
                out.put_slice(json.as_bytes());
            }
            None => out.put_i32(NULL),
        }
    }
}

fn instant(at: UnixMicros, out: &mut BytesMut) {
    out.put_i32(8);
    out.put_i64(at.to_postgres());
}

fn text(text: Option<&str>, out: &mut BytesMut) {
    match text {
        Some(text) => {
            out.put_i32(length(text));
            out.put_slice(text.as_bytes());
        }
        None => out.put_i32(NULL),
    }
}

/// Validation bounds every text far below 2^31 bytes.
fn length(text: &str) -> i32 {
    text.len() as i32
}
