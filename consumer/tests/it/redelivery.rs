//! What is delivered again is neither counted twice nor taken for duplicates.

use crate::harness::{World, event, events};

const DEAD: &str = "not json";

#[tokio::test]
async fn entries_delivered_and_never_acknowledged_are_resumed_at_once() {
    let mut world = World::new().await;
    for n in 0..10 {
        world.producer.batch(&events(n * 10..n * 10 + 10)).await;
    }
    world.producer.event(DEAD).await;
    let () = world.redis("XGROUP CREATE $s $g 0").await;
    world.deliver_to("test/0", 11).await;
    // Far longer than the test: nobody takes them over.
    let consumer = world.consumer(&[("CLAIM_IDLE_MS", "86400000")]).await;
    let sums = world.settled(101).await;
    assert_eq!((sums.stored, sums.dead_lettered), (100, 1));
    consumer.stop().await;
}

#[tokio::test]
async fn entries_committed_and_not_acknowledged_are_recognised() {
    let mut world = World::new().await;
    world.keep_everything().await;
    for n in 0..10 {
        world.producer.batch(&events(n * 10..n * 10 + 15)).await;
    }
    world.producer.event(DEAD).await;
    let consumer = world.consumer(&[]).await;
    let before = world.settled(151).await;
    consumer.stop().await;

    // As if no XACK had arrived; and three entries more that were delivered with them.
    let () = world.redis("XGROUP DESTROY $s $g").await;
    let () = world.redis("XGROUP CREATE $s $g 0").await;
    for n in 200..203 {
        world.producer.event(&event(n)).await;
    }
    world.deliver_to("test/0", 14).await;
    let consumer = world.consumer(&[]).await;
    let after = world.settled(154).await;
    assert_eq!(after.stored, before.stored + 3);
    assert_eq!(after.duplicates, before.duplicates);
    consumer.stop().await;
}

#[tokio::test]
async fn a_group_set_back_while_running_counts_nothing_twice() {
    let mut world = World::new().await;
    world.keep_everything().await;
    let consumer = world.consumer(&[]).await;
    for round in 0..5 {
        world
            .producer
            .batch(&events(round * 10..round * 10 + 10))
            .await;
        world.producer.event(DEAD).await;
        let before = world.settled((round + 1) * 11).await;
        let () = world.redis("XGROUP SETID $s $g 0").await;
        let after = world.settled((round + 1) * 11).await;
        assert_eq!(after, before);
    }
    consumer.stop().await;
}

/// The lane's reader loses its session while batches wait for the database: everything comes
/// again under the lane's own name, beside what the lane still holds.
#[tokio::test]
async fn a_lane_that_reads_again_what_it_holds_counts_it_once() {
    let mut world = World::new().await;
    world.keep_everything().await;
    let consumer = world.consumer(&[]).await;
    world.producer.event(&event(0)).await;
    world.settled(1).await;

    let lock = world.lock_events().await;
    let mut sent = 1;
    for n in 1..30 {
        world.producer.batch(&events(n * 10..n * 10 + 10)).await;
        world.producer.event(DEAD).await;
        sent += 11;
        if n % 10 == 0 {
            // Noticed now, or when the lane has room to read on.
            let _: i64 = world.redis("XGROUP DESTROY $s $g").await;
        }
    }
    lock.release().await;
    let sums = world.settled(sent).await;
    assert_eq!((sums.duplicates, sums.dead_lettered), (0, 29));
    consumer.stop().await;
}
