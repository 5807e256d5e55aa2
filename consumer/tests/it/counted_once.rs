//! Each event is stored and counted exactly once.

use crate::harness::{World, event};

#[tokio::test]
async fn entries_of_both_kinds_are_stored_and_folded() {
    let mut world = World::new().await;
    world.add("event", &event(0)).await;
    world
        .add_batch(&(1..1_000).map(event).collect::<Vec<_>>())
        .await;
    let consumer = world.consumer(&[]).await;
    world.quiet().await;
    let sums = world.sums().await;
    assert_eq!((sums.events, sums.ledger_stored), (1_000, 1_000));
    world.assert_rollups_add_up().await;
    consumer.stop().await;
}
