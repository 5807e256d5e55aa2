//! The yardstick: the same rows into the same table by COPY BINARY, one connection, one
//! transaction, rows encoded beforehand.

use std::{pin::pin, time::Instant};

use bytes::Bytes;
use common::wire::{EntryId, Payload, Source};
use consumer::{
    decode::{COLUMNS, Decoder},
    read::{Entry, Run},
};
use futures_util::SinkExt as _;
use redis::streams::StreamRangeReply;
use testkit::Services;

use crate::{cpu::Meter, figure::Cost, round::fresh};

const PAGE: usize = 200;

/// Rows per second, and what they cost.
pub(crate) async fn copy(source: &Services) -> anyhow::Result<(f64, Option<Cost>)> {
    let (rows, count) = encoded_rows(source).await?;
    let target = fresh().await?;
    let db = target.db().await;
    let meter = Meter::start(&target).await?;
    let statement = format!("COPY events ({COLUMNS}) FROM STDIN (FORMAT binary)");
    let started = Instant::now();
    db.batch_execute("BEGIN").await?;
    let mut sink = pin!(db.copy_in::<_, Bytes>(&statement).await?);
    for piece in rows {
        sink.send(piece).await?;
    }
    sink.finish().await?;
    db.batch_execute("COMMIT").await?;
    let rate = count as f64 / started.elapsed().as_secs_f64();
    let cost = match meter {
        Some(meter) => Some(meter.stop("COPY", count as u64, &[]).await?),
        None => None,
    };
    Ok((rate, cost))
}

/// The stream's events as one COPY document, in pieces of about 64 KiB.
async fn encoded_rows(source: &Services) -> anyhow::Result<(Vec<Bytes>, usize)> {
    let mut redis = source.redis().await;
    let mut decoder = Decoder::new(source.stream.limits());
    let mut after = String::from("-");
    loop {
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&source.stream.stream_key)
            .arg(&after)
            .arg("+")
            .arg("COUNT")
            .arg(PAGE)
            .query_async(&mut redis)
            .await?;
        let Some(last) = reply.ids.last() else { break };
        after = format!("({}", last.id);
        let entries = reply.ids.into_iter().map(|entry| {
            let payload: Vec<u8> = entry.get("batch").unwrap_or_default();
            Entry {
                id: entry.id.parse().unwrap_or(EntryId::MIN),
                source: Source::Generator,
                payload: Payload::Batch(payload),
                trace: Default::default(),
            }
        });
        decoder.push(Run {
            epoch: "bench".into(),
            entries: entries.collect(),
            lost: Vec::new(),
            redelivered: false,
            read_at: Instant::now(),
        });
    }
    let batch = decoder.take();
    let batch = batch.ok_or_else(|| anyhow::anyhow!("the stream is empty"))?;
    Ok((batch.copy.all(), batch.rows.len()))
}
