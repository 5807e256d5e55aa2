//! The daemon dies at each of its fault points, and everything is counted once; and a daemon
//! that is broken on purpose is noticed.

use std::{
    os::unix::process::ExitStatusExt as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::sleep};

use crate::harness::{SOON, World, at, event, event_with, events};

const LANES: (&str, &str) = ("CONSUMER_LANES", "2");
const SIGABRT: i32 = 6;
const IN_ENTRY: u32 = 40;
/// An entry comes again after so many others: in another batch.
const LATER: u32 = 100;

/// Entries, one every few milliseconds, until it is ended.
struct Load {
    ends: Arc<AtomicBool>,
    task: JoinHandle<u32>,
}

impl Load {
    fn start(world: &World, comes_again: bool) -> Self {
        let (ends, mut producer) = (Arc::new(AtomicBool::new(false)), world.producer.clone());
        let is_ended = ends.clone();
        let entry = |n: u32| events(n * IN_ENTRY..(n + 1) * IN_ENTRY);
        let task = tokio::spawn(async move {
            for n in 0.. {
                if is_ended.load(Ordering::Acquire) {
                    return n * IN_ENTRY;
                }
                producer.batch(&entry(n)).await;
                if comes_again && n >= LATER {
                    producer.batch(&entry(n - LATER)).await;
                }
                sleep(Duration::from_millis(5)).await;
            }
            0
        });
        Self { ends, task }
    }

    /// How many different events it sent.
    async fn end(self) -> u32 {
        self.ends.store(true, Ordering::Release);
        self.task.await.unwrap()
    }
}

impl World {
    async fn dies_at(&self, points: &str, name: &str) {
        let variables = [LANES, ("CONSUMER_NAME", name), ("FAILPOINTS", points)];
        let status = self.daemon(&variables).ended(SOON).await;
        assert_eq!(status.signal(), Some(SIGABRT), "{points}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_point_it_resumes_under_its_name() {
    let world = World::new().await;
    let load = Load::start(&world, false);
    for points in [
        "after_read=10*off->return",
        "before_copy=10*off->return",
        "in_copy=31*off->return",
        "before_commit=10*off->return",
        "after_commit=10*off->return",
        "after_ack=10*off->return",
        "before_commit=10%return;after_commit=10%return",
    ] {
        world.dies_at(points, "test").await;
    }
    // Far longer than the test: nobody takes anything over.
    let daemon = world.daemon(&[LANES, ("CLAIM_IDLE_MS", "86400000")]);
    let sent = load.end().await;
    let sums = world.settled(sent).await;
    assert_eq!((sums.stored, sums.duplicates), (i64::from(sent), 0));
    let status = daemon.terminate(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_point_it_is_succeeded_by_another() {
    let world = World::new().await;
    let load = Load::start(&world, false);
    for points in ["after_read", "before_commit", "after_commit"] {
        world
            .dies_at(&format!("{points}=10*off->return"), points)
            .await;
        // It takes over, and dies of it.
        world.dies_at("after_claim=return", "second").await;
    }
    let daemon = world.daemon(&[LANES]);
    let sent = load.end().await;
    let sums = world.settled(sent).await;
    assert_eq!((sums.stored, sums.duplicates), (i64::from(sent), 0));
    daemon.kill();
}

#[tokio::test]
async fn an_event_that_makes_the_decoder_panic_is_a_dead_letter() {
    let mut world = World::new().await;
    let mut lines = events(0..100);
    lines[50] = event_with(50, &at(0), r#","os":"explodes""#);
    world.producer.batch(&lines).await;
    world.producer.event(&lines[50]).await;
    world.producer.event(&event(100)).await;
    let daemon = world.daemon(&[("FAILPOINTS", "decode=return(explodes)")]);
    let sums = world.settled(102).await;
    assert_eq!((sums.stored, sums.dead_lettered), (100, 2));
    let sql = "SELECT count(*) FROM dead_letters WHERE reason = 'decoder_fault'";
    assert_eq!(world.count(sql).await, 2);
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledging_before_the_commit_loses_events() {
    let world = World::new().await;
    let load = Load::start(&world, false);
    let points = "ack_before_commit=return;before_commit=10*off->return";
    world.dies_at(points, "test").await;
    let daemon = world.daemon(&[LANES]);
    let sent = load.end().await;
    let sums = world.quiet().await;
    assert!(sums.events < i64::from(sent), "{sums:?} of {sent}");
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folding_before_the_insert_counts_duplicates() {
    let world = World::new().await;
    let load = Load::start(&world, true);
    let daemon = world.daemon(&[LANES, ("FAILPOINTS", "fold_before_insert=return")]);
    let duplicates = "SELECT (coalesce(sum(duplicates), 0) > 500)::int::bigint FROM ledger";
    world.until_count(duplicates, 1).await;
    let sent = load.end().await;
    let sums = world.quiet().await;
    assert_eq!(sums.events, i64::from(sent), "{sums:?}");
    assert!(sums.rolled_up > sums.events, "{sums:?}");
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trimming_too_far_loses_what_nobody_has_read() {
    let world = World::new().await;
    let load = Load::start(&world, false);
    let daemon = world.daemon(&[("FAILPOINTS", "trim_too_far=return")]);
    let some = "SELECT (count(*) > 0)::int::bigint FROM events";
    world.until_count(some, 1).await;
    // Nobody can write, so entries pile up unread.
    let lock = world.lock_events().await;
    sleep(Duration::from_secs(2)).await;
    daemon.kill();
    lock.release().await;
    let daemon = world.daemon(&[]);
    let sent = load.end().await;
    let sums = world.quiet().await;
    assert!(sums.events < i64::from(sent), "{sums:?} of {sent}");
    daemon.kill();
}
