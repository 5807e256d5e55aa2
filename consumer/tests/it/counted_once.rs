//! Each event is stored and counted exactly once, however often it was sent.

use crate::harness::{World, at, event, event_at, events};

#[tokio::test]
async fn entries_of_both_kinds_are_stored_and_folded() {
    let mut world = World::new().await;
    world.producer.event(&event(0)).await;
    world.producer.batch(&events(1..1_000)).await;
    let consumer = world.consumer(&[]).await;
    assert_eq!(world.settled(1_000).await.stored, 1_000);
    consumer.stop().await;
}

#[tokio::test]
async fn duplicates_are_counted_as_what_they_are() {
    let mut world = World::new().await;
    // Before the consumer starts: twice in an entry, and in two entries of one batch.
    let twice = [events(0..50), events(25..75)].concat();
    world.producer.batch(&twice).await;
    world.producer.batch(&events(60..100)).await;
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(140).await;
    assert_eq!((sums.stored, sums.duplicates), (100, 40));

    // Between batches, ten times the same, and a client's retry of a part.
    for _ in 0..10 {
        world.producer.event(&event(7)).await;
    }
    world.producer.batch(&events(90..110)).await;
    let sums = world.settled(170).await;
    assert_eq!((sums.stored, sums.duplicates), (110, 60));

    // The staged path has been taken, and what follows is still stored.
    for n in 0..20 {
        world
            .producer
            .batch(&events(110 + n * 10..120 + n * 10))
            .await;
    }
    let sums = world.settled(370).await;
    assert_eq!((sums.stored, sums.duplicates), (310, 60));
    consumer.stop().await;
}

#[tokio::test]
async fn the_same_id_at_another_instant_is_another_event() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    let same_id = [
        event_at(1, &at(0)),
        event_at(1, &at(1)),
        event_at(1, &at(0)),
    ];
    world.producer.batch(&same_id).await;
    let sums = world.settled(3).await;
    assert_eq!((sums.stored, sums.duplicates), (2, 1));
    consumer.stop().await;
}

#[tokio::test]
async fn accounts_are_kept_by_source() {
    let mut world = World::new().await;
    let json = events(0..10).join("\n");
    for source in ["collector", "generator", "generator", "someone"] {
        let fields = [("batch", json.as_bytes()), ("source", source.as_bytes())];
        world.producer.add(&fields).await;
    }
    let consumer = world.consumer(&[]).await;
    assert_eq!(world.settled(40).await.stored, 10);
    let of = |source: &str| {
        format!(
            "SELECT sum(1000 * entries + stored + duplicates)::bigint FROM ledger
              WHERE source = '{source}'"
        )
    };
    assert_eq!(world.count(&of("collector")).await, 1_010);
    assert_eq!(world.count(&of("generator")).await, 2_020);
    assert_eq!(world.count(&of("external")).await, 1_010);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lanes_meet_the_same_events_at_once() {
    let mut world = World::new().await;
    // Every event in two entries that are far apart in one order and near in the other.
    for n in 0..200 {
        let reversed: Vec<_> = events(n * 20..n * 20 + 20).into_iter().rev().collect();
        world.producer.batch(&events(n * 20..n * 20 + 20)).await;
        world.producer.batch(&reversed).await;
    }
    let consumer = world
        .consumer(&[("CONSUMER_LANES", "2"), ("BATCH_MAX_EVENTS", "50")])
        .await;
    let sums = world.settled(8_000).await;
    assert_eq!((sums.stored, sums.duplicates), (4_000, 4_000));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_lanes_of_three_consumers_share_a_stream() {
    let mut world = World::new().await;
    let all = events(0..50_000);
    world.producer.batches(&all, 250).await;
    let mut consumers = Vec::new();
    for _ in 0..3 {
        let lanes = [("CONSUMER_LANES", "2"), ("BATCH_MAX_EVENTS", "3000")];
        consumers.push(world.consumer(&lanes).await);
    }
    // And everything once more, cut at other places.
    world.producer.batches(&all, 317).await;
    let sums = world.settled(100_000).await;
    assert_eq!((sums.stored, sums.duplicates), (50_000, 50_000));
    let lanes = "SELECT count(DISTINCT consumer) FROM writers WHERE id <> 0";
    assert!(world.count(lanes).await > 1);
    for consumer in consumers {
        consumer.stop().await;
    }
}
