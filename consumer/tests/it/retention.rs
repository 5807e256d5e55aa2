//! What is older than configured is dropped, and stays accounted for.

use consumer::{
    rebuild::{self, Minutes, RebuildError},
    write::REBUILD_LOCK,
};

use crate::harness::{World, at, event_at, events, instant};

const DAY: i64 = 86_400;

const RETENTION: [(&str, &str); 6] = [
    ("EVENT_MAX_AGE", "518400"),
    ("EVENTS_RETENTION_DAYS", "7"),
    ("ROLLUPS_RETENTION_DAYS", "8"),
    ("DEAD_LETTERS_RETENTION_DAYS", "7"),
    ("COMPRESS_AFTER_DAYS", "3"),
    ("COMPACT_INTERVAL", "1"),
];

/// With an event that is older than it is kept, and no consumer.
async fn with_an_old_event() -> World {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    world.producer.event(&event_at(0, &at(-10 * DAY))).await;
    world.settled(1).await;
    consumer.stop().await;
    world
}

/// They wait for the drop, not for the counting before it.
#[tokio::test]
async fn commits_go_on_while_rows_are_counted() {
    let world = with_an_old_event().await;
    let chunk = "SELECT format('%I.%I', chunk_schema, chunk_name)
                   FROM timescaledb_information.chunks WHERE hypertable_name = 'events'";
    let chunk: String = world.db.query_one(chunk, &[]).await.unwrap().get(0);
    let other = world.services.db().await;
    let lock = format!(
        "SET idle_in_transaction_session_timeout = 0;
         BEGIN; LOCK TABLE {chunk} IN ACCESS EXCLUSIVE MODE"
    );
    other.batch_execute(&lock).await.unwrap();
    let consumer = world.consumer(&RETENTION).await;
    let waits = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'tidemark-compact'
                    AND wait_event_type = 'Lock'";
    world.until_count(waits, 1).await;
    let commits = "SELECT pg_try_advisory_xact_lock_shared($1)";
    let commits = world.db.query_one(commits, &[&REBUILD_LOCK]).await.unwrap();
    assert!(commits.get::<_, bool>(0));
    other.batch_execute("ROLLBACK").await.unwrap();
    world.until_count("SELECT count(*) FROM events", 0).await;
    consumer.stop().await;
}

#[tokio::test]
async fn a_step_that_fails_keeps_no_other_from_its_work() {
    let world = with_an_old_event().await;
    let full = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON writers
                FOR EACH ROW EXECUTE FUNCTION refuse()";
    world.db.batch_execute(full).await.unwrap();
    let named = [&RETENTION[..], &[("CONSUMER_NAME", "another")]].concat();
    let consumer = world.consumer(&named).await;
    world.until_count("SELECT count(*) FROM events", 0).await;
    let metric = "tidemark_consumer_compaction_failures_total";
    assert!(consumer.metric(metric).await > 0.0);
    consumer.stop().await;
}

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

    let consumer = world.consumer(&RETENTION).await;
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
    let range = Minutes::covering(instant(-11 * DAY), instant(0));
    let rebuilt = rebuild::rebuild(&world.services.postgres, range, 100).await;
    assert!(matches!(rebuilt, Err(RebuildError::Dropped(_))));
    consumer.stop().await;
}

#[tokio::test]
async fn rollups_whose_events_were_dropped_are_not_compared() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    world.producer.event(&event_at(0, &at(-10 * DAY))).await;
    world.producer.batch(&events(100..150)).await;
    world.settled(51).await;
    consumer.stop().await;
    let keeps_rollups: Vec<_> = RETENTION
        .into_iter()
        .filter(|(name, _)| *name != "ROLLUPS_RETENTION_DAYS")
        .collect();
    let consumer = world.consumer(&keeps_rollups).await;
    world.until_count("SELECT count(*) FROM events", 50).await;
    consumer.stop().await;

    let postgres = &world.services.postgres;
    let whole = rebuild::whole_range(postgres).await.unwrap().unwrap();
    assert_eq!(rebuild::check(postgres, whole).await.unwrap(), []);
    let more = Minutes::covering(instant(-11 * DAY), whole.to);
    let refused = rebuild::check(postgres, more).await;
    assert!(matches!(refused, Err(RebuildError::Dropped(_))));
}
