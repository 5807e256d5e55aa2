//! A batch that has to be tried again without some of its parts.

use common::{event::Limits, wire::EntryId};

use super::{Batch, Decoder, Rejected};
use crate::read::Run;

/// The batch again with only the entries that `keep`, and without the `rejected` events. It was
/// finished when it was finished first.
#[must_use]
pub fn decode_again(
    batch: Batch,
    keep: impl Fn(EntryId) -> bool,
    rejected: Rejected,
    limits: Limits,
) -> Batch {
    let (stream_ms, decoding) = (batch.mean_stream_ms(), batch.decoding);
    let mut decoder = Decoder::new(limits);
    decoder.rejected = rejected;
    decoder.push(Run {
        epoch: batch.epoch.clone(),
        entries: batch
            .entries
            .into_iter()
            .filter(|entry| keep(entry.id))
            .collect(),
        lost: batch.lost.into_iter().filter(|id| keep(*id)).collect(),
        redelivered: true,
        read_at: decoder.began,
    });
    let mut again = decoder.take().unwrap_or_else(|| Batch::empty(batch.epoch));
    again.place = batch.place;
    again.finished_at = batch.finished_at;
    again.stream_ms_sum = stream_ms * again.events() as f64;
    again.decoding += decoding;
    again
}
