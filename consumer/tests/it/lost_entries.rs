//! Entries that somebody else deleted or trimmed before they were written.

use testkit::wait_until;

use crate::harness::{Running, SOON, World, event};

#[tokio::test]
async fn pending_entries_deleted_by_somebody_else_are_counted_as_lost() {
    let mut world = World::new().await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(world.producer.event(&event(n)).await);
    }
    let () = world.redis("XGROUP CREATE $s $g 0").await;
    world.deliver_to("test/0", 6).await;
    world.deliver_to("dead/0", 4).await;
    for id in [&ids[0], &ids[3], &ids[7]] {
        let _: i64 = world.redis(&format!("XDEL $s {id}")).await;
    }
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(7).await;
    assert_eq!((sums.stored, sums.lost_entries), (7, 3));
    // The pipeline goes on.
    world.producer.event(&event(100)).await;
    world.settled(8).await;
    consumer.stop().await;
}

/// Five entries that are stored and stay in the stream.
async fn with_five_stored() -> (World, Running) {
    let mut world = World::new().await;
    world.keep_everything().await;
    for n in 0..5 {
        world.producer.event(&event(n)).await;
    }
    let consumer = world.consumer(&[]).await;
    world.settled(5).await;
    (world, consumer)
}

#[tokio::test]
async fn what_was_committed_before_it_was_deleted_is_not_lost() {
    let (world, consumer) = with_five_stored().await;
    consumer.stop().await;
    let () = world.redis("XGROUP SETID $s $g 0").await;
    world.deliver_to("test/0", 5).await;
    let _: i64 = world.redis("XTRIM $s MAXLEN 0").await;
    let consumer = world.consumer(&[]).await;
    assert_eq!(world.settled(5).await.lost_entries, 0);
    consumer.stop().await;
}

#[tokio::test]
async fn entries_that_somebody_else_removes_are_told_of() {
    let (world, consumer) = with_five_stored().await;
    let seen = format!("HGET {} seen:added", world.services.keys().ledger);
    wait_until("the stream was looked at", SOON, || async {
        world.redis::<Option<u64>>(&seen).await == Some(5)
    })
    .await;
    let metric = "tidemark_consumer_removed_entries_total";
    let before = consumer.metric(metric).await;
    let _: i64 = world.redis("XTRIM $s MAXLEN 2").await;
    wait_until("they are told of", SOON, || async {
        consumer.metric(metric).await >= before + 3.0
    })
    .await;
    consumer.stop().await;
}
