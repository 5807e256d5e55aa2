//! The sample of sessions that the rollups of all events hold.

use std::collections::BTreeMap;

use common::rollup::{BOUNCE_RATE_ERROR, Session, Visits};
use consumer::rebuild::{self, Minutes};
use testkit::wait_until;

use crate::harness::{SOON, World, event_at, two_days_ago};

/// 1,000 sessions with one event, 1,500 with two, 100 events without a session; over 40 minutes.
const EVENTS: u32 = 4_100;

fn visit(n: u32) -> String {
    let session = match n {
        0..2_500 => format!(r#""session_id":"v{n}","#),
        2_500..4_000 => format!(r#""session_id":"v{}","#, n - 1_500),
        _ => String::new(),
    };
    let at = two_days_ago(i64::from(n.wrapping_mul(2_654_435_761) % 2_400));
    let others = format!(r#""session_id":"s{}","#, n % 70);
    event_at(n, &at.to_rfc3339()).replace(&others, &session)
}

fn range() -> Minutes {
    Minutes::covering(two_days_ago(0), two_days_ago(2_400))
}

/// Minute → what the rows of the tier say of the bucket that begins with it.
async fn stored(world: &World, table: &str) -> BTreeMap<i64, Visits> {
    let sql = format!(
        "SELECT (extract(epoch FROM bucket) / 60)::bigint, visits FROM {table} WHERE dimension = 0"
    );
    let mut buckets = BTreeMap::<i64, Visits>::new();
    for row in world.db.query(&sql, &[]).await.unwrap() {
        let visits = Visits::decode(row.get(1)).unwrap();
        buckets.entry(row.get(0)).or_default().merge(&visits);
    }
    buckets
}

fn merged(buckets: &BTreeMap<i64, Visits>) -> Visits {
    let mut all = Visits::default();
    buckets.values().for_each(|bucket| all.merge(bucket));
    all
}

/// (sample, share of sessions with one event) of the raw rows.
async fn raw(world: &World, condition: &str) -> (Visits, f64) {
    let sql = format!("SELECT session_id FROM events WHERE session_id IS NOT NULL AND {condition}");
    let (mut sample, mut events) = (Visits::default(), BTreeMap::<String, u32>::new());
    for row in world.db.query(&sql, &[]).await.unwrap() {
        let session: &str = row.get(0);
        sample.insert(Session::of(session));
        *events.entry(session.to_owned()).or_default() += 1;
    }
    let once = events.values().filter(|events| **events == 1).count();
    (sample, once as f64 / events.len() as f64)
}

async fn consume(world: &mut World, numbers: std::ops::Range<u32>) {
    let end = numbers.end;
    let events: Vec<_> = numbers.map(visit).collect();
    world.producer.batches(&events, 50).await;
    let changes = [("CONSUMER_LANES", "2"), ("BATCH_MAX_EVENTS", "200")];
    let consumer = world.consumer(&changes).await;
    world.settled(end).await;
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_tiers_hold_the_sample_that_the_raw_rows_give() {
    let mut world = World::new().await;
    consume(&mut world, 0..2_000).await;
    consume(&mut world, 2_000..EVENTS).await;
    let writers = "SELECT count(DISTINCT writer_id) FROM rollup_1m";
    assert!(world.count(writers).await >= 2);
    let (sample, rate) = raw(&world, "true").await;
    assert!((rate - 0.4).abs() < 1e-9 && !sample.is_exact());
    let estimate = sample.bounce_rate().unwrap();
    assert!(
        (estimate - rate).abs() < 4.0 * BOUNCE_RATE_ERROR,
        "{estimate}"
    );
    let minutes = stored(&world, "rollup_1m").await;
    assert_eq!(merged(&minutes), sample);
    assert_eq!(minutes.len(), 40);
    for (minute, visits) in &minutes {
        let condition = format!("extract(epoch FROM occurred_at)::bigint / 60 = {minute}");
        let (_, rate) = raw(&world, &condition).await;
        assert!(visits.is_exact());
        assert_eq!(visits.bounce_rate(), Some(rate), "{minute}");
    }

    let consumer = world.consumer(&[("COMPACT_INTERVAL", "1")]).await;
    wait_until("the day is built", SOON, || async {
        let built = "SELECT count(*) FROM rollup_built WHERE tier = 86400";
        let unmerged = "SELECT count(*) FROM rollup_1m WHERE writer_id <> 0";
        world.count(built).await == 1 && world.count(unmerged).await == 0
    })
    .await;
    consumer.stop().await;
    for (table, buckets) in [
        ("rollup_1m", 40),
        ("rollup_15m", 3),
        ("rollup_1h", 1),
        ("rollup_1d", 1),
    ] {
        let stored = stored(&world, table).await;
        assert_eq!(stored.len(), buckets, "{table}");
        assert_eq!(merged(&stored), sample, "{table}");
    }
    let elsewhere = "SELECT count(*) FROM rollup_1m WHERE dimension <> 0 AND visits IS NOT NULL";
    assert_eq!(world.count(elsewhere).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unknown_is_no_drift_and_a_rebuild_fills_it_in() {
    let mut world = World::new().await;
    consume(&mut world, 0..EVENTS).await;
    let postgres = world.services.postgres.clone();
    let (sample, _) = raw(&world, "true").await;
    let one_row = "WHERE (bucket, writer_id) = (
        SELECT bucket, writer_id FROM rollup_1m WHERE dimension = 0 ORDER BY 1, 2 LIMIT 1)
        AND dimension = 0";
    // As a consumer of the version before leaves it.
    let forget = format!("UPDATE rollup_1m SET visits = NULL {one_row}");
    world.db.batch_execute(&forget).await.unwrap();
    let minutes = stored(&world, "rollup_1m").await;
    assert_eq!(merged(&minutes), Visits::UNKNOWN);
    assert_eq!(minutes.values().filter(|v| !v.is_known()).count(), 1);
    assert_eq!(rebuild::check(&postgres, range()).await.unwrap(), []);

    rebuild::rebuild(&postgres, range(), 1_000).await.unwrap();
    assert_eq!(merged(&stored(&world, "rollup_1m").await), sample);

    let falsify = format!("UPDATE rollup_1m SET visits = '' {one_row}");
    world.db.batch_execute(&falsify).await.unwrap();
    let drifts = rebuild::check(&postgres, range()).await.unwrap();
    let what: Vec<_> = drifts.iter().map(|d| (d.dimension.id(), d.what)).collect();
    assert_eq!(what, [(0, "visits")]);
}
