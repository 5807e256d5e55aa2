//! Stopped and started again in the middle of a load.

use crate::harness::{Producer, World, events};

/// `entries` of 40 events, every tenth entry sent twice.
fn load(mut producer: Producer, entries: u32) -> tokio::task::JoinHandle<u32> {
    tokio::spawn(async move {
        let mut sent = 0;
        for n in 0..entries {
            let batch = events(n * 40..n * 40 + 40);
            for _ in 0..if n % 10 == 0 { 2 } else { 1 } {
                producer.batch(&batch).await;
                sent += 40;
            }
        }
        sent
    })
}

async fn until_stored(world: &World, stored: i64) {
    testkit::wait_until("the load goes on", crate::harness::SOON, || async {
        world.count("SELECT count(*) FROM events").await >= stored
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_and_starting_under_load_loses_nothing() {
    let world = World::new().await;
    let load = load(world.producer.clone(), 500);
    let changes = [
        ("CONSUMER_LANES", "2"),
        ("BATCH_MAX_EVENTS", "400"),
        ("COMPACT_INTERVAL", "1"),
    ];
    for stored in [500, 4_000, 8_000, 12_000] {
        let consumer = world.consumer(&changes).await;
        until_stored(&world, stored).await;
        consumer.stop().await;
    }
    let consumer = world.consumer(&changes).await;
    let sent = load.await.unwrap();
    let sums = world.settled(sent).await;
    assert_eq!((sums.stored, sums.duplicates), (20_000, 2_000));
    // The writers of the lanes that are gone are merged, and nothing has changed by it.
    let unmerged = "SELECT count(*) FROM writers WHERE closed_at IS NOT NULL AND merged_at IS NULL AND id <> 0";
    world.until_count(unmerged, 0).await;
    assert_eq!(world.settled(sent).await, sums);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_killed_in_a_loop_counts_everything_once() {
    let world = World::new().await;
    let load = load(world.producer.clone(), 500);
    let changes = [("CONSUMER_LANES", "2"), ("BATCH_MAX_EVENTS", "400")];
    for stored in [200, 3_000, 6_000, 9_000, 12_000] {
        let daemon = world.daemon(&changes);
        until_stored(&world, stored).await;
        daemon.kill();
    }
    let daemon = world.daemon(&changes);
    let sent = load.await.unwrap();
    let sums = world.settled(sent).await;
    assert_eq!((sums.stored, sums.duplicates), (20_000, 2_000));
    daemon.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_ends_cleanly_with_nothing_pending() {
    let world = World::new().await;
    let load = load(world.producer.clone(), 300);
    let daemon = world.daemon(&[("CONSUMER_LANES", "2")]);
    until_stored(&world, 1_000).await;
    let status = daemon.terminate(std::time::Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0));
    let pending: redis::streams::StreamPendingReply = world.redis("XPENDING $s $g").await;
    assert_eq!(pending.count(), 0);
    let sent = load.await.unwrap();
    let daemon = world.daemon(&[]);
    // Whatever the first one left: the second one runs when these are stored.
    let more = events(12_000..12_040);
    world.producer.clone().batch(&more).await;
    assert_eq!(world.settled(sent + 40).await.stored, 12_040);
    let status = daemon.terminate(std::time::Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0));
}
