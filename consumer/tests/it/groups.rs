//! The group or the stream is destroyed under a running consumer.

use testkit::wait_until;

use crate::harness::{SOON, World, event, events};

#[tokio::test]
async fn a_destroyed_group_is_made_again_at_the_beginning() {
    let mut world = World::new().await;
    world.keep_everything().await;
    let consumer = world.consumer(&[]).await;
    world.producer.batch(&events(0..20)).await;
    world.producer.event("poison").await;
    world.settled(21).await;
    let _: i64 = world.redis("XGROUP DESTROY $s $g").await;
    world.producer.batch(&events(20..40)).await;
    let sums = world.settled(41).await;
    assert_eq!(
        (sums.stored, sums.duplicates, sums.dead_lettered),
        (40, 0, 1)
    );
    consumer.stop().await;
}

#[tokio::test]
async fn a_group_destroyed_beside_another_loses_nothing_unread() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    let mut sent = 0;
    for round in 0..5 {
        // Another group has read everything, so only ours can need an entry.
        for group in ["$g", "other"] {
            let command = format!("XGROUP DESTROY $s {group}");
            let _: redis::RedisResult<i64> = world.try_redis(&command).await;
        }
        for n in 0..20 {
            world.producer.event(&event(round * 20 + n)).await;
        }
        let () = world.redis("XGROUP CREATE $s other $").await;
        sent += 20;
        world.settled(sent).await;
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_stream_begins_a_new_epoch() {
    let world = World::new().await;
    let ledger = world.services.keys().ledger;
    each_loss_begins_an_epoch(&world, &format!("DEL $s {ledger}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_a_stream_of_others_that_is_lost_alone() {
    each_loss_begins_an_epoch(&World::new().await, "DEL $s").await;
}

async fn each_loss_begins_an_epoch(world: &World, lose: &str) {
    let consumer = world.consumer(&[("CONSUMER_LANES", "2")]).await;
    for round in 0_u32..4 {
        // The same small ids each time: they must not be taken for those of the past.
        for n in 0..10 {
            let json = format!(
                r#"{{"event_id":"00000000-0000-7000-9000-{:012x}","event_type":"login","user_id":"u"}}"#,
                round * 100 + n
            );
            let command = format!("XADD $s {}-1 event {json}", n + 1);
            let _: String = world.redis(&command).await;
        }
        world.settled((round + 1) * 10).await;
        let epochs = "SELECT count(*) FROM streams";
        assert_eq!(world.count(epochs).await, i64::from(round) + 1);
        let by_epoch = "SELECT count(*) FROM (
            SELECT sum(stored) AS stored FROM ledger GROUP BY stream_id) AS epochs
             WHERE stored = 10";
        assert_eq!(world.count(by_epoch).await, i64::from(round) + 1);
        let _: i64 = world.redis(lose).await;
        wait_until("the group is there again", SOON, || async {
            let groups =
                world.try_redis::<redis::streams::StreamInfoGroupsReply>("XINFO GROUPS $s");
            groups.await.is_ok_and(|groups| groups.groups.len() == 1)
        })
        .await;
        wait_until("both lanes have said that it was lost", SOON, || async {
            let lost = consumer
                .metric("tidemark_consumer_streams_lost_total")
                .await;
            lost == f64::from(2 * (round + 1))
        })
        .await;
    }
    consumer.stop().await;
}

#[tokio::test]
async fn a_deleted_stream_is_read_on() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    for round in 0..3 {
        world
            .producer
            .batch(&events(round * 10..round * 10 + 10))
            .await;
        world.settled((round + 1) * 10).await;
        let _: i64 = world.redis("DEL $s").await;
    }
    consumer.stop().await;
}

/// Entries as our publisher writes them, counted in the same transaction.
async fn publish(world: &World, events: &[String]) {
    let (keys, mut redis) = (world.services.keys(), world.services.redis().await);
    let () = redis::pipe()
        .atomic()
        .cmd("XADD")
        .arg(&keys.stream)
        .arg("*")
        .arg("batch")
        .arg(events.join("\n"))
        .arg("source")
        .arg("generator")
        .hincr(&keys.ledger, "accepted:generator", events.len())
        .hincr(&keys.ledger, "entries:generator", 1)
        .query_async(&mut redis)
        .await
        .unwrap();
}

#[tokio::test]
async fn accounts_begin_anew_with_a_stream_that_was_lost_alone() {
    let world = World::new().await;
    let consumer = world.consumer(&[]).await;
    publish(&world, &events(0..30)).await;
    world.until_count("SELECT count(*) FROM events", 30).await;
    let (stream, ledger) = (world.stream(), world.services.keys().ledger);
    let _: i64 = world.redis(&format!("DEL {stream}")).await;
    publish(&world, &events(30..50)).await;
    world.until_count("SELECT count(*) FROM events", 50).await;
    let accepted: i64 = world
        .redis(&format!("HGET {ledger} accepted:generator"))
        .await;
    let epoch: String = world.redis(&format!("HGET {ledger} epoch")).await;
    let handled = format!(
        "SELECT sum(stored)::bigint FROM ledger
           JOIN streams ON streams.id = stream_id AND epoch = '{epoch}'"
    );
    assert_eq!((accepted, world.count(&handled).await), (20, 20));
    consumer.stop().await;
}

/// What was read in one piece isn't one piece any more: an entry between was counted by
/// another lane and then deleted.
#[tokio::test]
async fn a_gap_that_was_counted_before_does_not_hold_up_its_neighbours() {
    let mut world = World::new().await;
    world.keep_everything().await;
    for n in 0..2 {
        world.producer.event(&event(n)).await;
    }
    let () = world.redis("XGROUP CREATE $s $g 0").await;
    world.deliver_to("dead/0", 1).await;
    let consumer = world.consumer(&[("CLAIM_IDLE_MS", "86400000")]).await;
    // A reader asks for more at once when it has seen how small the entries are.
    for n in 10..20 {
        world.producer.event(&event(n)).await;
        let counted = i64::from(n) - 8;
        world
            .until_count("SELECT count(*) FROM events", counted)
            .await;
    }
    let rest: redis::streams::StreamRangeReply = world.redis("XRANGE $s - +").await;
    for entry in &rest.ids[1..] {
        let _: i64 = world.redis(&format!("XDEL $s {}", entry.id)).await;
    }
    // In one transaction, so that one read finds both neighbours.
    let (stream, group) = (world.stream(), world.group());
    let () = redis::pipe()
        .atomic()
        .xadd(&stream, "*", &[("event", event(3))])
        .ignore()
        .cmd("XGROUP")
        .arg("DESTROY")
        .arg(&stream)
        .arg(&group)
        .ignore()
        .query_async(&mut world.producer.redis)
        .await
        .unwrap();
    assert_eq!(world.settled(13).await.stored, 13);
    consumer.stop().await;
}
