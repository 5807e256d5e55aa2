//! The decoding stage of a lane: runs of entries in, batches out.

use std::sync::Arc;

use common::event::Limits;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::sleep,
};

use super::{Batch, BatchPolicy, Decoder};
use crate::read::Run;

/// Batches that the writer holds at once. Another one is being filled meanwhile.
const BATCHES_BEING_WRITTEN: usize = 1;

/// Fills batches until the runs end. A batch goes on when it is full, or when its first
/// event has lingered; and not before the writer is free, so that batches grow while it is
/// busy.
pub async fn decode(
    mut runs: mpsc::Receiver<Run>,
    batches: mpsc::Sender<Batch>,
    policy: BatchPolicy,
    limits: Limits,
) {
    let writer = Arc::new(Semaphore::new(BATCHES_BEING_WRITTEN));
    let mut decoder = Decoder::new(limits);
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(run) => run,
            None => match runs.recv().await {
                Some(run) => run,
                None => return,
            },
        };
        let (rest, place) = match decoder.push_up_to(first, policy.most_events()) {
            None => fill(&mut decoder, &mut runs, &writer, &policy).await,
            rest => (rest, None),
        };
        next = rest;
        let place = match place {
            Some(place) => Some(place),
            None => writer.clone().acquire_owned().await.ok(),
        };
        let Some(mut batch) = decoder.take() else {
            continue;
        };
        batch.place = place;
        if batches.send(batch).await.is_err() {
            return;
        }
    }
}

/// Adds runs while the batch may grow. Returns what must begin another batch, and the
/// place at the writer where that is what ended the waiting.
async fn fill(
    decoder: &mut Decoder,
    runs: &mut mpsc::Receiver<Run>,
    writer: &Arc<Semaphore>,
    policy: &BatchPolicy,
) -> (Option<Run>, Option<OwnedSemaphorePermit>) {
    loop {
        let (events, bytes) = decoder.size();
        if policy.is_full(events, bytes) {
            return (None, None);
        }
        let linger = policy.remaining(decoder.began().elapsed());
        tokio::select! {
            biased;
            place = writer.clone().acquire_owned(), if linger.is_zero() => return (None, place.ok()),
            run = runs.recv() => match run {
                Some(run) if decoder.takes(&run) => {
                    if let Some(rest) = decoder.push_up_to(run, policy.most_events()) {
                        return (Some(rest), None);
                    }
                }
                other => return (other, None),
            },
            () = sleep(linger), if !linger.is_zero() => {}
        }
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
