//! `rollup check` and `rollup rebuild`; rollups with many values.

use std::collections::BTreeSet;

use common::rollup::Durations;
use consumer::rebuild::{self, Minutes};

use crate::harness::{World, at, event_with, events, instant};

fn range() -> Minutes {
    Minutes::covering(instant(-600), instant(600))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_drift_is_found_and_repaired() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[("CONSUMER_LANES", "2")]).await;
    world.producer.batches(&events(0..2_000), 100).await;
    world.settled(2_000).await;
    let postgres = world.services.postgres.clone();
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);

    // A count, a sum, a set of users, a row too few and one too many; as many durations as before,
    // but others.
    world
        .db
        .batch_execute(
            "UPDATE rollup_1m SET events = events + 1
              WHERE ctid IN (SELECT ctid FROM rollup_1m WHERE dimension = 0 LIMIT 1);
             UPDATE rollup_1m SET value_micros = value_micros - 1 WHERE dimension = 1 AND value = 'click';
             UPDATE rollup_1m SET users = '' WHERE dimension = 2 AND value = '/p3';
             DELETE FROM rollup_1m WHERE dimension = 4;
             INSERT INTO rollup_1m SELECT bucket, dimension, '/never', 0, 0, 1, 0, 0, 0, '', '', ''
               FROM rollup_1m WHERE dimension = 2 AND value = '/p1' LIMIT 1",
        )
        .await
        .unwrap();
    let row = "SELECT durations, tableoid, ctid::text FROM rollup_1m
                WHERE dimension = 1 AND value = 'click' LIMIT 1";
    let row = world.db.query_one(row, &[]).await.unwrap();
    let (true_ones, table, place): (Vec<u8>, u32, String) = (row.get(0), row.get(1), row.get(2));
    let mut false_ones = Durations::default();
    for _ in 0..Durations::decode(&true_ones).unwrap().count() {
        false_ones.insert(86_400_000);
    }
    let update = "UPDATE rollup_1m SET durations = $1
                   WHERE tableoid = $2 AND ctid = $3::text::tid";
    let false_ones = false_ones.encode();
    let planted = world
        .db
        .execute(update, &[&false_ones, &table, &place])
        .await;
    assert_eq!(planted.unwrap(), 1);
    let drifts = rebuild::check(&postgres, range()).await.unwrap();
    let found: BTreeSet<_> = drifts
        .iter()
        .map(|d| (d.dimension.as_str(), d.what))
        .collect();
    for planted in [
        ("all", "events"),
        ("event_type", "value_micros"),
        ("event_type", "durations"),
        ("page", "users"),
        ("country", "events"),
        ("page", "events"),
    ] {
        assert!(found.contains(&planted), "{planted:?} {found:?}");
    }
    assert_eq!(
        rebuild::rebuild(&postgres, range(), 1_000).await.unwrap(),
        2_000
    );
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);
    // Lanes whose memory is void go on with a fresh one.
    world.producer.batches(&events(1_900..2_500), 100).await;
    world.settled(2_600).await;
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_under_load_loses_and_doubles_nothing() {
    let world = World::new().await;
    let changes = [
        ("CONSUMER_LANES", "2"),
        ("BATCH_MAX_EVENTS", "300"),
        ("COMPACT_INTERVAL", "1"),
    ];
    let consumer = world.consumer(&changes).await;
    let mut producer = world.producer.clone();
    let load = tokio::spawn(async move {
        for n in 0..300 {
            producer.batch(&events(n * 50..n * 50 + 50)).await;
        }
    });
    let postgres = world.services.postgres.clone();
    let mut rebuilds = 0;
    while !load.is_finished() || rebuilds < 3 {
        rebuild::rebuild(&postgres, range(), 1_000).await.unwrap();
        assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);
        rebuilds += 1;
    }
    load.await.unwrap();
    world.settled(15_000).await;
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_beyond_the_cap_are_others_and_still_add_up() {
    let mut world = World::new().await;
    let lines: Vec<_> = (0..3_000)
        .map(|n| {
            event_with(
                n,
                &at(0),
                &format!(r#","os":"os{}","referrer":"/r{n}""#, n % 40),
            )
        })
        .collect();
    world.producer.batches(&lines, 50).await;
    let changes = [
        ("ROLLUP_MAX_VALUES", "10"),
        ("CONSUMER_LANES", "2"),
        ("BATCH_MAX_EVENTS", "200"),
        ("COMPACT_INTERVAL", "1"),
    ];
    let consumer = world.consumer(&changes).await;
    world.settled(3_000).await;
    consumer.stop().await;
    let most = "SELECT max(n) FROM (SELECT count(*) AS n FROM rollup_1m
                 GROUP BY bucket, dimension, writer_id) AS named";
    assert!(world.count(most).await <= 11);
    let other =
        "SELECT sum(events)::bigint FROM rollup_1m WHERE dimension = 3 AND value = '(other)'";
    assert!(world.count(other).await >= 2_980);

    // Merged by the next consumer: one writer's cap for all of it.
    let consumer = world.consumer(&changes).await;
    let unmerged = "SELECT count(*) FROM rollup_1m WHERE writer_id <> 0";
    world.until_count(unmerged, 0).await;
    assert!(world.count(most).await <= 11);
    world.settled(3_000).await;
    let postgres = world.services.postgres.clone();
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);
    rebuild::rebuild(&postgres, range(), 10).await.unwrap();
    world.settled(3_000).await;
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);
    consumer.stop().await;
}

/// Raw rows, rollups and the ledger move in one commit: they agree in every snapshot, also
/// while writers come and go and are merged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_snapshot_agrees_with_itself() {
    let world = World::new().await;
    let mut producer = world.producer.clone();
    let load = tokio::spawn(async move {
        for n in 0..400 {
            producer.batch(&events(n * 20..n * 20 + 30)).await;
        }
    });
    let changes = [
        ("CONSUMER_LANES", "2"),
        ("BATCH_MAX_EVENTS", "60"),
        ("COMPACT_INTERVAL", "1"),
    ];
    for _ in 0..3 {
        let consumer = world.consumer(&changes).await;
        for _ in 0..40 {
            let sums = crate::harness::Sums::read(&world.db).await;
            assert_eq!(
                (sums.events, sums.events),
                (sums.rolled_up, sums.stored),
                "{sums:?}"
            );
        }
        consumer.stop().await;
    }
    let consumer = world.consumer(&changes).await;
    load.await.unwrap();
    world.settled(12_000).await;
    consumer.stop().await;
}
