//! Connections are cut anywhere: in a read, in COPY, between COMMIT and its answer, in XACK.

use std::time::Duration;

use crate::harness::{Proxy, World, authority, redirected};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_and_repeat_nothing() {
    let world = World::new().await;
    let redis = world.services.redis.redis_url.0.clone();
    let postgres = world.services.postgres.postgres_url.0.clone();
    let (to_redis, to_postgres) = (
        Proxy::to(&authority(&redis)).await,
        Proxy::to(&authority(&postgres)).await,
    );
    let (redis, postgres) = (
        redirected(&redis, to_redis.address),
        redirected(&postgres, to_postgres.address),
    );
    let changes = [
        ("REDIS_URL", redis.as_str()),
        ("POSTGRES_URL", postgres.as_str()),
        ("CONSUMER_LANES", "2"),
        ("BATCH_MAX_EVENTS", "300"),
        ("COMPACT_INTERVAL", "1"),
    ];
    let consumer = world.consumer(&changes).await;
    let load = world.load(600, 30);
    // Not waiting for anything: the instants of the cuts are what is varied.
    for n in 0..12_u64 {
        tokio::time::sleep(Duration::from_millis(40 + 37 * n)).await;
        match n % 3 {
            0 => to_postgres.cut(),
            1 => to_redis.cut(),
            _ => {
                to_redis.cut();
                to_postgres.cut();
            }
        }
    }
    let sent = load.await.unwrap();
    let sums = world.settled(sent).await;
    assert_eq!((sums.duplicates, sums.lost_entries), (0, 0));
    consumer.stop().await;
}
