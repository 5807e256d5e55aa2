//! A batch that has to be tried again without some of its parts.

use common::{event::Limits, wire::EntryId};

use super::{Batch, Decoder, Rejected};
use crate::read::Run;

/// The batch again with only the entries that `keep`, and without the `rejected` events.
#[must_use]
pub fn decode_again(
    batch: Batch,
    keep: impl Fn(EntryId) -> bool,
    rejected: Rejected,
    limits: Limits,
) -> Batch {
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
    again
}
