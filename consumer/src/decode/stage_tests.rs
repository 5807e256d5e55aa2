use std::time::{Duration, Instant};

use common::wire::{EntryId, Payload, Source};
use tokio::{task::JoinHandle, time::timeout};

use super::*;
use crate::read::Entry;

const LONG: Duration = Duration::from_secs(3_600);

/// `count` entries from `ms` on, one event each.
fn run(epoch: &str, ms: u64, count: u64) -> Run {
    let entry = |i| Entry {
        id: EntryId {
            ms: 1_763_634_907_000 + ms + i,
            seq: 0,
        },
        source: Source::External,
        payload: Payload::Event(br#"{"event_type":"login","user_id":"u"}"#.to_vec()),
        trace: Default::default(),
    };
    Run {
        epoch: epoch.into(),
        entries: (0..count).map(entry).collect(),
        lost: vec![],
        redelivered: false,
        read_at: Instant::now(),
    }
}

struct Stage {
    runs: mpsc::Sender<Run>,
    batches: mpsc::Receiver<Batch>,
    task: JoinHandle<()>,
}

fn stage(policy: BatchPolicy) -> Stage {
    let (runs, runs_out) = mpsc::channel(1);
    let (batches_in, batches) = mpsc::channel(1);
    let task = tokio::spawn(decode(runs_out, batches_in, policy, Limits::default()));
    Stage {
        runs,
        batches,
        task,
    }
}

impl Stage {
    async fn next(&mut self) -> Batch {
        timeout(LONG, self.batches.recv()).await.unwrap().unwrap()
    }
}

fn policy(max_events: usize, linger: Duration) -> BatchPolicy {
    BatchPolicy {
        max_events,
        max_bytes: usize::MAX,
        linger,
    }
}

#[tokio::test]
async fn a_full_batch_goes_on_at_once() {
    let mut stage = stage(policy(10, LONG));
    for n in 0..3 {
        stage.runs.send(run("e", n * 10, 4)).await.unwrap();
    }
    assert_eq!(stage.next().await.rows.len(), 12);
}

#[tokio::test]
async fn the_rest_of_a_long_run_begins_another_batch() {
    let mut stage = stage(policy(10, LONG));
    stage.runs.send(run("e", 0, 45)).await.unwrap();
    drop(stage.runs);
    let mut rows = Vec::new();
    while let Some(batch) = timeout(LONG, stage.batches.recv()).await.unwrap() {
        rows.push(batch.rows.len());
    }
    assert_eq!(rows, [20, 20, 5]);
}

#[tokio::test]
async fn an_event_that_has_lingered_goes_on_alone() {
    let mut stage = stage(policy(10, Duration::from_millis(5)));
    stage.runs.send(run("e", 0, 1)).await.unwrap();
    assert_eq!(stage.next().await.rows.len(), 1);
}

#[tokio::test]
async fn the_end_of_the_runs_sends_what_is_there() {
    let mut stage = stage(policy(10, LONG));
    stage.runs.send(run("e", 0, 3)).await.unwrap();
    drop(stage.runs);
    let batch = timeout(LONG, stage.batches.recv()).await.unwrap().unwrap();
    assert_eq!(batch.rows.len(), 3);
    drop(batch);
    timeout(LONG, stage.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn another_epoch_and_what_comes_again_begin_another_batch() {
    let mut stage = stage(policy(100, LONG));
    let feeder = async {
        for run in [
            run("e", 0, 3),
            run("f", 10, 2),
            run("f", 11, 1),
            run("f", 5, 4),
        ] {
            stage.runs.send(run).await.unwrap();
        }
        drop(stage.runs);
    };
    let eater = async {
        let mut batches = Vec::new();
        while let Some(batch) = stage.batches.recv().await {
            batches.push((batch.epoch.to_string(), batch.rows.len()));
        }
        batches
    };
    let both = async { tokio::join!(feeder, eater) };
    let ((), batches) = timeout(LONG, both).await.unwrap();
    let wanted = [("e", 3), ("f", 2), ("f", 1), ("f", 4)];
    assert_eq!(
        batches,
        wanted.map(|(epoch, rows)| (epoch.to_owned(), rows))
    );
}

/// One batch at most is with the writer, whatever waits behind it; what waits grows.
#[tokio::test(start_paused = true)]
async fn a_batch_grows_while_the_writer_is_busy() {
    let mut stage = stage(policy(10, Duration::ZERO));
    let runs = stage.runs.clone();
    let feeder = tokio::spawn(async move {
        for n in 0..30 {
            runs.send(run("e", n, 1)).await.unwrap();
        }
    });
    let first = stage.next().await;
    // Paused time runs only while everybody waits: nothing more can come.
    assert!(timeout(LONG, stage.batches.recv()).await.is_err());
    assert!(!feeder.is_finished(), "a full batch must stop the reading");
    drop(first);
    let second = stage.next().await;
    assert_eq!(second.rows.len(), 10);
    drop(second);
    timeout(LONG, async {
        while !feeder.is_finished() {
            drop(stage.next().await);
        }
    })
    .await
    .unwrap();
}
