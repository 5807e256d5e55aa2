//! Raw rows folded again.

use std::{borrow::Cow, pin::pin};

use common::{event::Event, rollup::Sample};
use futures_util::TryStreamExt as _;
use tokio_postgres::{Client, Row as SqlRow};

use super::{Minutes, RebuildError};
use crate::{
    decode::{Row, Values},
    fold::{Folded, Memory},
};

/// Rows folded at once; bounds the memory.
const FOLD_ROWS: usize = 20_000;
const RAW: &str = "-- raw_events
SELECT occurred_at, event_id, event_type, user_id, session_id, page, referrer, country, device,
       browser, os, value_micros, duration_ms
  FROM events WHERE occurred_at >= $1 AND occurred_at < $2";

pub(super) async fn fold_raw(
    client: &Client,
    step: Minutes,
    max_values: usize,
) -> Result<Memory, RebuildError> {
    let mut memory = Memory::default();
    let (mut rows, mut values) = (Vec::new(), Values::default());
    let params = [step.from, step.to];
    let mut stream = pin!(client.query_raw(RAW, params).await?);
    loop {
        let next = stream.try_next().await?;
        if let Some(row) = &next {
            rows.push(fold_row(row, &mut values));
        }
        if rows.len() == FOLD_ROWS || next.is_none() {
            memory.advance(memory.fold(rows.iter(), &values, max_values));
            rows.clear();
            values = Values::default();
        }
        if next.is_none() {
            return Ok(memory);
        }
    }
}

/// What the fold needs of a stored event: the same as of a decoded one.
fn fold_row(row: &SqlRow, values: &mut Values) -> Row {
    let text = |column: &str| row.get::<_, Option<&str>>(column).map(Cow::Borrowed);
    let event = Event {
        event_id: row.get("event_id"),
        event_type: Cow::Borrowed(row.get("event_type")),
        occurred_at: row.get("occurred_at"),
        user_id: Cow::Borrowed(row.get("user_id")),
        session_id: text("session_id"),
        page: text("page"),
        referrer: text("referrer"),
        country: text("country"),
        device: text("device"),
        browser: text("browser"),
        os: text("os"),
        value_micros: row.get("value_micros"),
        duration_ms: row.get("duration_ms"),
        properties: None,
    };
    Row {
        entry: 0,
        index: 0,
        occurred_at: event.occurred_at,
        event_id: event.event_id,
        values: values.ids_of(&event),
        sample: Sample::of(&event),
    }
}

impl Memory {
    /// All rollup rows, in key order.
    pub(super) fn into_rows(self) -> Vec<Folded> {
        let mut rows: Vec<_> = self.rows().collect();
        rows.sort_unstable_by(|a, b| {
            (a.dimension, a.bucket, &a.value).cmp(&(b.dimension, b.bucket, &b.value))
        });
        rows
    }
}
