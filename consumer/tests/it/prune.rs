//! Commit rows go when nobody can deliver their entries again, and not before.

use crate::harness::{World, event, events};

#[tokio::test]
async fn commit_rows_stay_while_their_entries_are_in_the_stream() {
    let mut world = World::new().await;
    world.keep_everything().await;
    let changes = [("COMPACT_INTERVAL", "1")];
    for n in 0..5 {
        let consumer = world.consumer(&changes).await;
        world.producer.batch(&events(n * 10..n * 10 + 10)).await;
        world.settled((n + 1) * 10).await;
        consumer.stop().await;
    }
    let age = "UPDATE commits SET committed_at = now() - INTERVAL '2 hours'";
    world.db.batch_execute(age).await.unwrap();
    let consumer = world.consumer(&changes).await;
    let unmerged = "SELECT count(*) FROM writers WHERE id <> 0 AND merged_at IS NULL";
    world.until_count(unmerged, 1).await;
    let old = "SELECT count(*) FROM commits WHERE committed_at < now() - INTERVAL '1 hour'";
    assert_eq!(world.count(old).await, 5);
    // And they are what recognises the entries.
    let () = world.redis("XGROUP SETID $s $g 0").await;
    assert_eq!(world.settled(50).await.duplicates, 0);
    assert_eq!(world.count(old).await, 5);

    let _: i64 = world.redis("XGROUP DESTROY $s keeps-everything").await;
    world.producer.event(&event(1_000)).await;
    world.settled(51).await;
    world.until_count(old, 0).await;
    consumer.stop().await;
}
