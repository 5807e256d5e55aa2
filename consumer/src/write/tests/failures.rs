//! What comes of failures that say nothing against a row.

use std::time::Instant;

use testkit::TERMINATE_LANES;

use super::*;
use crate::{rollup_rows::Params, write::LANE_LOCKS};

/// A rebuild has replaced the rollups: what the lane remembers of them is void.
#[tokio::test]
async fn after_a_rebuild_the_lane_writes_under_another_id() {
    let mut lane = Lane::begin().await;
    for (at, raises) in [(1, false), (2, true), (3, false)] {
        if raises {
            let raise = "UPDATE rollup_generation SET generation = generation + 1";
            lane.db.batch_execute(raise).await.unwrap();
        }
        let numbers = at as u32 * 10..at as u32 * 10 + 10;
        let batch = lane.events(at, numbers);
        lane.write(batch).await;
    }
    assert_eq!(lane.stored().await, [30, 30, 30]);
    let commits = "SELECT dense_rank() OVER (ORDER BY writer_id), seq FROM commits
                    ORDER BY writer_id, seq";
    assert_eq!(lane.rows(commits).await, ["(1,1)", "(2,1)", "(2,2)"]);
    let open = "SELECT count(*) FROM writers WHERE consumer = 'test/0' AND closed_at IS NULL";
    assert_eq!(lane.number(open).await, 1);
}

/// Neither stored nor a duplicate: nothing of the batch is committed until the table takes them.
#[tokio::test]
async fn rows_that_a_trigger_drops_are_not_called_duplicates() {
    let mut lane = Lane::begin().await;
    let batch = lane.events(1, 0..5);
    lane.write(batch).await;
    let function = "CREATE FUNCTION drop_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RETURN CASE WHEN NEW.duration_ms % 5 = 2 THEN NULL ELSE NEW END;
        END $$";
    let breaks = "CREATE TRIGGER drop_some BEFORE INSERT ON events
            FOR EACH ROW EXECUTE FUNCTION drop_some()";
    let mends = "DROP TRIGGER drop_some ON events";
    lane.db.batch_execute(function).await.unwrap();
    // By COPY, and by way of the temporary table, which a duplicate asks for.
    for (at, numbers, before) in [(2, 5..10, 5), (3, 9..15, 10)] {
        lane.db.batch_execute(breaks).await.unwrap();
        let batch = lane.events(at, numbers);
        lane.batches.send(batch).await.unwrap();
        let is_down = || async { !lane.health.is_ready() };
        testkit::wait_until("it says what is wrong", SOON, is_down).await;
        assert_eq!(lane.stored().await, [before; 3]);
        lane.db.batch_execute(mends).await.unwrap();
        lane.next().await;
    }
    assert_eq!(lane.stored().await, [15, 15, 15]);
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    let mut lane = Lane::begin().await;
    // A sequence counts what is rolled back, too.
    let fails = "CREATE SEQUENCE attempts;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') <= 5 THEN RAISE serialization_failure; END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER fail AFTER INSERT ON commits FOR EACH ROW EXECUTE FUNCTION fail()";
    lane.db.batch_execute(fails).await.unwrap();
    let batch = lane.events(1, 0..10);
    lane.batches.send(batch).await.unwrap();
    testkit::wait_until("it says so", SOON, || async { !lane.health.is_ready() }).await;
    let attempts = lane.number("SELECT last_value FROM attempts").await;
    assert!(attempts >= 3, "ready no more after {attempts} attempts");
    let done = lane.next().await;
    assert_eq!(done.counts.total().stored, 10);
    assert_eq!(lane.stored().await, [10, 10, 10]);
    assert_eq!(lane.number("SELECT last_value FROM attempts").await, 6);
    assert!(lane.health.is_ready());
    // On the same connection, under the same id.
    assert_eq!(lane.rows("SELECT seq FROM commits").await, ["(1)"]);
    let writers = "SELECT count(*) FROM writers WHERE consumer = 'test/0'";
    assert_eq!(lane.number(writers).await, 1);
}

/// Whether the last batch was committed isn't known: the entries tell.
#[tokio::test]
async fn after_a_lost_connection_the_lane_goes_on_under_its_name() {
    let mut lane = Lane::begin().await;
    let batch = lane.events(1, 0..10);
    lane.write(batch).await;
    assert_eq!(lane.number(TERMINATE_LANES).await, 1);
    let batch = lane.events(2, 10..20);
    assert_eq!(lane.write(batch).await.counts.total().stored, 10);
    assert_eq!(lane.stored().await, [20, 20, 20]);
    let names = "SELECT DISTINCT consumer FROM writers WHERE id > 0";
    assert_eq!(lane.rows(names).await, ["(test/0)"]);
}

#[tokio::test]
async fn a_lane_whose_name_stays_taken_ends() {
    let mut lane = Lane::begin().await;
    let batch = lane.events(1, 0..10);
    lane.write(batch).await;
    let thief = lane.services.db().await;
    let take = "SELECT pg_advisory_lock($1, hashtext($2))";
    let name: Params<'_> = &[&LANE_LOCKS, &lane.name];
    let waits = thief.query_one(take, name);
    let ends = async {
        testkit::wait_until("the thief waits", SOON, || async {
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
                              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            lane.number(waiting).await == 1
        })
        .await;
        lane.number(TERMINATE_LANES).await
    };
    let (taken, ended) = tokio::join!(waits, ends);
    assert_eq!((taken.is_ok(), ended), (true, 1));
    let (batch, began) = (lane.events(2, 10..20), Instant::now());
    lane.batches.send(batch).await.unwrap();
    let ended = timeout(SOON, &mut lane.writer).await;
    assert_eq!(ended.unwrap().unwrap(), Ended::NameTaken);
    assert!(began.elapsed() >= PATIENCE, "it asks for it again");
    assert!(
        lane.committed.recv().await.is_none(),
        "nothing to acknowledge"
    );
    assert_eq!(lane.stored().await, [10, 10, 10]);
}

#[tokio::test]
async fn what_cannot_be_written_when_it_stops_is_left_in_the_stream() {
    let mut lane = Lane::begin().await;
    let locked = lane.services.db().await;
    locked
        .batch_execute("BEGIN; LOCK TABLE events")
        .await
        .unwrap();
    let batch = lane.events(1, 0..10);
    lane.batches.send(batch).await.unwrap();
    lane.shutdown.stop();
    let ended = timeout(SOON / 2, &mut lane.writer).await;
    assert_eq!(ended.unwrap().unwrap(), Ended::Stopped);
    assert!(
        lane.committed.recv().await.is_none(),
        "nothing to acknowledge"
    );
}

#[tokio::test]
async fn a_lane_without_work_finds_out_that_its_database_is_gone() {
    let lane = Lane::begin().await;
    lane.services.shut().await;
    testkit::wait_until("it says so", SOON, || async { !lane.health.is_ready() }).await;
}
