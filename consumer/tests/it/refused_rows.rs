//! Valid events that the database refuses become dead letters; their neighbours are stored.

use testkit::TERMINATE_LANES;

use crate::harness::{World, at, event, event_with, events};

#[tokio::test]
async fn what_only_the_database_refuses_is_found_among_its_neighbours() {
    let mut world = World::new().await;
    let rule = "ALTER TABLE events ADD CONSTRAINT os_is_a_number CHECK (os::int > 0)";
    world.db.batch_execute(rule).await.unwrap();
    let lines: Vec<_> = (0..600)
        .map(|n| match n {
            0 | 77 | 78 | 599 => event_with(n, &at(0), r#","os":"x""#),
            n => event(n),
        })
        .collect();
    world.producer.batches(&lines, 100).await;
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(600).await;
    assert_eq!((sums.stored, sums.dead_lettered), (596, 4));
    let sql = "SELECT count(*) FROM dead_letters
                WHERE reason = 'rejected_by_database' AND detail LIKE '%SQLSTATE 22P02%'
                  AND convert_from(payload, 'UTF8') LIKE '%\"os\":\"x\"%'";
    assert_eq!(world.count(sql).await, 4);
    consumer.stop().await;
}

#[tokio::test]
async fn thousands_that_only_the_table_refuses_do_not_stop_the_stream() {
    let mut world = World::new().await;
    let rule = "ALTER TABLE events ADD CONSTRAINT even CHECK (duration_ms % 2 = 0)";
    world.db.batch_execute(rule).await.unwrap();
    world.producer.batches(&events(0..6_000), 500).await;
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(6_000).await;
    assert_eq!((sums.stored, sums.dead_lettered), (3_000, 3_000));
    let sql = "SELECT count(*) FROM dead_letters
                WHERE reason = 'rejected_by_database' AND detail LIKE '%SQLSTATE 23514: new row%'";
    assert_eq!(world.count(sql).await, 3_000);
    consumer.stop().await;
}

/// What not even a copy of the table takes is found by halves, and that takes longer than an
/// attempt may: each search keeps what it has found.
#[tokio::test]
async fn a_search_that_is_too_long_goes_on_where_it_was() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[("WRITE_TIMEOUT_MS", "300")]).await;
    // The chunk must be there: each attempt would make it, and roll it back.
    world.producer.event(&event(1_000)).await;
    world.settled(1).await;
    let rule = "CREATE DOMAIN system AS text CHECK (VALUE <> 'x');
                ALTER TABLE events ALTER COLUMN os TYPE system";
    world.db.batch_execute(rule).await.unwrap();
    // A session knows the columns of the table as they were when it began.
    world.until_count(TERMINATE_LANES, 1).await;
    let lines: Vec<_> = (0..300)
        .map(|n| match n % 3 {
            0 => event_with(n, &at(0), r#","os":"x""#),
            _ => event(n),
        })
        .collect();
    world.producer.batch(&lines).await;
    let sums = world.settled(301).await;
    assert_eq!((sums.stored, sums.dead_lettered), (201, 100));
    consumer.stop().await;
}

/// The rule stands on the table itself, so COPY into a copy of it wouldn't notice.
#[tokio::test]
async fn what_a_constraint_of_the_table_refuses_is_found_too() {
    let mut world = World::new().await;
    let rule = "ALTER TABLE events ADD CONSTRAINT no_p7 CHECK (page <> '/p7')";
    world.db.batch_execute(rule).await.unwrap();
    world.producer.batch(&events(0..40)).await;
    let consumer = world.consumer(&[]).await;
    let sums = world.settled(40).await;
    assert_eq!((sums.stored, sums.dead_lettered), (38, 2));
    consumer.stop().await;
}
