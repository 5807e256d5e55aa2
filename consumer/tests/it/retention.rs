//! What is older than configured is dropped, and stays accounted for.

use crate::harness::{World, at, event_at, events};

const DAY: i64 = 86_400;

#[tokio::test]
async fn dropped_rows_are_accounted_for() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    let old: Vec<_> = (0..30)
        .map(|n| event_at(n, &at(-(10 + i64::from(n % 3)) * DAY)))
        .collect();
    world.producer.batch(&old).await;
    world.producer.batch(&events(100..150)).await;
    world.producer.event("poison").await;
    world.settled(81).await;
    consumer.stop().await;
    let age = "UPDATE dead_letters SET received_at = now() - INTERVAL '9 days'";
    world.db.batch_execute(age).await.unwrap();

    let retention = [
        ("EVENT_MAX_AGE", "604800"),
        ("EVENTS_RETENTION_DAYS", "7"),
        ("ROLLUPS_RETENTION_DAYS", "8"),
        ("DEAD_LETTERS_RETENTION_DAYS", "7"),
        ("COMPRESS_AFTER_DAYS", "3"),
        ("COMPACT_INTERVAL", "1"),
    ];
    let consumer = world.consumer(&retention).await;
    world
        .until_count("SELECT count(*) FROM dead_letters", 0)
        .await;
    assert_eq!(world.count("SELECT count(*) FROM events").await, 50);
    for (relation, rows) in [("events", 30), ("rollup_1m", 30), ("dead_letters", 1)] {
        let sql = format!(
            "SELECT coalesce(sum(rows), 0)::bigint FROM dropped WHERE relation = '{relation}'"
        );
        assert_eq!(world.count(&sql).await, rows, "{relation}");
    }
    // Events go on. What was dropped isn't accepted any more, and can't be rebuilt.
    world.producer.event(&event_at(1_000, &at(-10 * DAY))).await;
    world.producer.event(&event_at(1_001, &at(0))).await;
    let handled = "SELECT sum(stored + dead_lettered)::bigint FROM ledger";
    world.until_count(handled, 83).await;
    assert_eq!(world.count("SELECT count(*) FROM events").await, 51);
    let range = consumer::rebuild::Minutes::covering(
        crate::harness::instant(-11 * DAY),
        crate::harness::instant(0),
    );
    let rebuilt = consumer::rebuild::rebuild(&world.services.postgres, range, 100).await;
    assert!(matches!(
        rebuilt,
        Err(consumer::rebuild::RebuildError::Dropped(_))
    ));
    consumer.stop().await;
}
