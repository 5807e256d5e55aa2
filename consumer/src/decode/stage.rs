//! The decoding stage of a lane: runs in, batches out.

use std::sync::Arc;

use common::event::Limits;
use tokio::{
    sync::{Semaphore, mpsc},
    time::sleep,
};

use super::{Batch, BatchPolicy, Decoder};
use crate::read::Run;

/// Batches that a lane holds at once: one being written, one being filled.
const BATCHES_IN_MEMORY: usize = 2;

/// Fills batches until the runs end. A batch goes on when it is full; or when its first
/// event has lingered and the writer is free, so that batches grow while the writer is busy.
pub async fn decode(
    mut runs: mpsc::Receiver<Run>,
    batches: mpsc::Sender<Batch>,
    policy: BatchPolicy,
    limits: Limits,
) {
    let permits = Arc::new(Semaphore::new(BATCHES_IN_MEMORY));
    let mut decoder = Decoder::new(limits);
    let mut next = None;
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else {
            return;
        };
        let first = match next.take() {
            Some(run) => run,
            None => match runs.recv().await {
                Some(run) => run,
                None => return,
            },
        };
        decoder.push(first);
        next = fill(&mut decoder, &mut runs, &batches, &policy).await;
        let Some(mut batch) = decoder.take() else {
            continue;
        };
        batch.permit = Some(permit);
        if batches.send(batch).await.is_err() {
            return;
        }
    }
}

/// Adds runs while the batch may grow; returns one that must begin another batch.
async fn fill(
    decoder: &mut Decoder,
    runs: &mut mpsc::Receiver<Run>,
    batches: &mpsc::Sender<Batch>,
    policy: &BatchPolicy,
) -> Option<Run> {
    loop {
        let (events, bytes) = decoder.size();
        if policy.is_full(events, bytes) {
            return None;
        }
        let linger = policy.remaining(decoder.began().elapsed());
        tokio::select! {
            biased;
            run = runs.recv() => match run {
                Some(run) if decoder.takes(&run) => decoder.push(run),
                other => return other,
            },
            () = sleep(linger), if !linger.is_zero() => {}
            // Only asks whether there is room; the place is taken with the finished batch.
            _ = batches.reserve(), if linger.is_zero() => return None,
        }
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
