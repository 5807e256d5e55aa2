//! Coarser tiers, and events that come after they were built.

use testkit::wait_until;

use crate::harness::{SOON, World, event_at, two_days_ago};

const DAY: i64 = 86_400;

/// Sends one event at each of `seconds`, waits until it is counted, and until nothing is due
/// any more; no tier may be wrong at any time.
async fn send_and_compact(world: &mut World, sent: &mut u32, seconds: &[i64]) {
    for at in seconds {
        let json = event_at(*sent, &two_days_ago(*at).to_rfc3339());
        world.producer.event(&json).await;
        *sent += 1;
    }
    world.settled(*sent).await;
    assert_eq!(world.stale_tiers().await, 0, "right after the commit");
    wait_until("the day is built", SOON, || async {
        assert_eq!(world.stale_tiers().await, 0, "while tiers are built");
        let built = "SELECT count(*) FROM rollup_built WHERE tier = 86400";
        world.count(built).await == 2 && world.count("SELECT count(*) FROM rollup_dirty").await == 0
    })
    .await;
    world.settled(*sent).await;
}

#[tokio::test]
async fn late_events_rebuild_the_tiers_they_fall_into() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[("COMPACT_INTERVAL", "1")]).await;
    let mut sent = 0;
    send_and_compact(
        &mut world,
        &mut sent,
        &[0, 1, 59, 60, 899, 900, DAY - 1, DAY + 5],
    )
    .await;
    let day = "SELECT sum(events)::bigint FROM rollup_1d WHERE dimension = 0";
    assert_eq!(world.count(day).await, 8);
    // Into a quarter that is built; into one that was built empty; into both days.
    send_and_compact(&mut world, &mut sent, &[30, 40_000, DAY + 80_000]).await;
    assert_eq!(world.count(day).await, 11);
    for finer in ["rollup_15m", "rollup_1h"] {
        let sum = format!("SELECT sum(events)::bigint FROM {finer} WHERE dimension = 0");
        assert_eq!(world.count(&sum).await, 11, "{finer}");
    }
    // A database that had no hours: they are built, and its days stay as they are.
    let (hours, days) = (
        "SELECT count(*) FROM rollup_built WHERE tier = 3600",
        "SELECT max(extract(epoch FROM built_at) * 1000000)::bigint FROM rollup_built WHERE tier = 86400",
    );
    let (wanted, days_built) = (world.count(hours).await, world.count(days).await);
    let forget = "DELETE FROM rollup_built WHERE tier = 3600; TRUNCATE rollup_1h";
    world.db.batch_execute(forget).await.unwrap();
    world.until_count(hours, wanted).await;
    assert_eq!(world.stale_tiers().await, 0);
    assert_eq!(world.count(days).await, days_built);
    consumer.stop().await;
}

/// In any snapshot: a tier that may be used is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_ever_sees_a_stale_tier() {
    let world = World::new().await;
    let changes = [
        ("COMPACT_INTERVAL", "1"),
        ("CONSUMER_LANES", "2"),
        ("BATCH_MAX_EVENTS", "20"),
    ];
    let consumer = world.consumer(&changes).await;
    let mut producer = world.producer.clone();
    let load = tokio::spawn(async move {
        for n in 0..1_500_u32 {
            let at = i64::from(n.wrapping_mul(2_654_435_761) % 7_200);
            producer
                .event(&event_at(n, &two_days_ago(at).to_rfc3339()))
                .await;
        }
    });
    let mut looked = 0;
    while !load.is_finished() || looked < 20 {
        assert_eq!(world.stale_tiers().await, 0);
        looked += 1;
    }
    load.await.unwrap();
    world.settled(1_500).await;
    world
        .until_count("SELECT count(*) FROM rollup_dirty", 0)
        .await;
    assert_eq!(world.stale_tiers().await, 0);
    consumer.stop().await;
}
