//! The database is lost, locked or changed while events flow.

use std::time::Duration;

use testkit::{TERMINATE_LANES, wait_until};
use tokio::{net::TcpListener, time::timeout};

use crate::harness::{SOON, World, event, events, redirected};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminated_backends_lose_and_repeat_nothing() {
    let world = World::new().await;
    let lanes = [("CONSUMER_LANES", "2"), ("BATCH_MAX_EVENTS", "500")];
    let consumer = world.consumer(&lanes).await;
    let mut producer = world.producer.clone();
    let load = tokio::spawn(async move {
        for n in 0..300 {
            producer.batch(&events(n * 50..n * 50 + 50)).await;
            producer.event("poison").await;
        }
    });
    for stored in [100, 2_000, 4_000, 6_000, 8_000] {
        wait_until("the load goes on", SOON, || async {
            world.count("SELECT count(*) FROM events").await >= stored
        })
        .await;
        wait_until("a lane is connected and loses it", SOON, || async {
            world.count(TERMINATE_LANES).await > 0
        })
        .await;
    }
    load.await.unwrap();
    let sums = world.settled(300 * 51).await;
    assert_eq!((sums.duplicates, sums.dead_lettered), (0, 300));
    consumer.stop().await;
}

#[tokio::test]
async fn a_missing_table_is_waited_for() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    world.producer.event(&event(0)).await;
    world.settled(1).await;
    wait_until("ready", SOON, || consumer.is_ready()).await;

    let rename = "ALTER TABLE events RENAME TO events_elsewhere";
    world.db.batch_execute(rename).await.unwrap();
    world.producer.batch(&events(1..10)).await;
    wait_until("not ready", SOON, || async { !consumer.is_ready().await }).await;
    assert_eq!(world.count("SELECT count(*) FROM dead_letters").await, 0);

    let rename = "ALTER TABLE events_elsewhere RENAME TO events";
    world.db.batch_execute(rename).await.unwrap();
    assert_eq!(world.settled(10).await.stored, 10);
    wait_until("ready again", SOON, || consumer.is_ready()).await;
    consumer.stop().await;
}

#[tokio::test]
async fn a_locked_table_is_waited_for() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[("WRITE_TIMEOUT_MS", "400")]).await;
    wait_until("ready", SOON, || consumer.is_ready()).await;
    let lock = world.lock_events().await;
    for n in 0..20 {
        world.producer.batch(&events(n * 10..n * 10 + 10)).await;
    }
    // An attempt runs out of time, and so do the next ones.
    wait_until("not ready", SOON, || async { !consumer.is_ready().await }).await;
    lock.release().await;
    assert_eq!(world.settled(200).await.stored, 200);
    consumer.stop().await;
}

#[tokio::test]
async fn a_consumer_that_cannot_write_stops_and_leaves_its_entries_pending() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[("WRITE_TIMEOUT_MS", "1000")]).await;
    world.producer.event(&event(0)).await;
    world.settled(1).await;
    let lock = world.lock_events().await;
    world.producer.batch(&events(1..50)).await;
    until_delivered(&world).await;
    timeout(Duration::from_secs(20), consumer.stop())
        .await
        .unwrap();
    lock.release().await;
    let consumer = world.consumer(&[]).await;
    assert_eq!(world.settled(50).await.stored, 50);
    consumer.stop().await;
}

async fn until_delivered(world: &World) {
    wait_until("the entry is delivered", SOON, || async {
        let pending: redis::streams::StreamPendingReply = world.redis("XPENDING $s $g").await;
        pending.count() == 1
    })
    .await;
}

#[tokio::test]
async fn a_write_that_hangs_does_not_hold_up_a_stop() {
    let mut world = World::new().await;
    let daemon = world.daemon(&[]);
    world.producer.event(&event(0)).await;
    world.settled(1).await;
    let lock = world.lock_events().await;
    world.producer.batch(&events(1..50)).await;
    until_delivered(&world).await;
    let ended = daemon.terminate(Duration::from_secs(10)).await;
    assert!(ended.success(), "{ended}");
    lock.release().await;
    let consumer = world.consumer(&[]).await;
    assert_eq!(world.settled(50).await.stored, 50);
    consumer.stop().await;
}

#[tokio::test]
async fn it_stops_while_a_database_that_accepted_says_nothing() {
    let world = World::new().await;
    let there = &world.services.postgres.postgres_url.0;
    for migrates in ["true", "false"] {
        // One for each: a connection of the first must not be taken for one of the second.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = redirected(there, silent.local_addr().unwrap());
        let daemon = world.daemon(&[
            ("POSTGRES_URL", &url),
            ("CONNECT_TIMEOUT_MS", "60000"),
            ("MIGRATE_ON_START", migrates),
        ]);
        let connected = timeout(SOON, silent.accept()).await.unwrap();
        let ended = daemon.terminate(Duration::from_secs(10)).await;
        assert!(ended.success(), "{ended}");
        drop(connected);
    }
}

#[tokio::test]
async fn it_waits_for_services_that_are_not_there_yet() {
    let world = World::new().await;
    let mut config = world.config(&[]);
    let there = config.postgres.postgres_url.0.clone();
    let (server, name) = there.rsplit_once('/').unwrap();
    config.postgres.postgres_url.0 = format!("{server}/{name}_later");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shutdown = common::shutdown::Shutdown::new();
    consumer::run(config, listener, &shutdown);
    let create = format!("CREATE DATABASE {name}_later");
    world.db.batch_execute(&create).await.unwrap();
    let mut producer = world.producer.clone();
    producer.batch(&events(0..10)).await;
    wait_until("the stream is read", SOON, || async {
        let pending = world.try_redis::<redis::streams::StreamInfoGroupsReply>("XINFO GROUPS $s");
        let groups = pending.await;
        groups.is_ok_and(|g| {
            g.groups
                .iter()
                .any(|g| g.pending == 0 && g.last_delivered_id != "0-0")
        })
    })
    .await;
    shutdown.stop();
    shutdown.finished(Duration::from_secs(20)).await.unwrap();
    let drop = format!("DROP DATABASE {name}_later WITH (FORCE)");
    world.db.batch_execute(&drop).await.unwrap();
}
