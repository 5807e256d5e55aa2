//! Dead letters are listed, and put on the stream again.

use common::time::UnixMicros;
use consumer::dead_letters::{self, Replayed, Selection};
use redis::AsyncCommands as _;

use crate::harness::{World, event, run_to_end};

#[tokio::test]
async fn letters_are_listed_and_replayed() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    let binary = b"\xff\x00 bytes";
    world.producer.event(&event(0)).await;
    world.producer.event("poison").await;
    world
        .producer
        .add(&[("event", binary), ("source", b"collector")])
        .await;
    world
        .producer
        .event(r#"{"event_type":"page_view","user_id":"u"}"#)
        .await;
    world.settled(4).await;

    let postgres = world.services.postgres.clone();
    let all = Selection {
        limit: 100,
        ..Selection::default()
    };
    let letters = dead_letters::list(&postgres, &all).await.unwrap();
    let reasons: Vec<_> = letters
        .iter()
        .map(|letter| letter.reason.as_str())
        .collect();
    assert_eq!(reasons, ["malformed_json", "malformed_json", "required"]);
    assert_eq!(
        (letters[1].source.as_str(), &letters[1].payload[..]),
        ("collector", &binary[..])
    );
    let after = Selection {
        after: letters[0].id,
        limit: 1,
        ..Selection::default()
    };
    assert_eq!(
        dead_letters::list(&postgres, &after).await.unwrap()[0].id,
        letters[1].id
    );

    let keys = world.services.keys();
    let malformed = Selection {
        reason: Some("malformed_json".into()),
        ..all.clone()
    };
    let replay = || dead_letters::replay(&postgres, &world.services.redis, &keys, &malformed);
    assert_eq!(replay().await.unwrap().appended, 2);
    assert_eq!(world.settled(6).await.dead_lettered, 5);
    // The two new letters, not the old ones.
    assert_eq!(replay().await.unwrap().appended, 2);
    let sums = world.settled(8).await;
    assert_eq!(sums.dead_lettered, 7);
    let replayed = "SELECT count(*) FROM dead_letters WHERE replayed_at IS NOT NULL";
    assert_eq!(world.count(replayed).await, 4);

    let (output, _) = run_to_end(
        world.variables(&[]),
        &["dead-letters", "list", "--reason", "required"],
    );
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 1);
    assert!(lines.contains("page_view"), "{lines}");
    consumer.stop().await;
}

#[tokio::test]
async fn a_letter_is_replayed_once_however_often_it_is_begun() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    for poison in ["a", "b", "c"] {
        world.producer.event(poison).await;
    }
    world.settled(3).await;
    consumer.stop().await;

    let (postgres, redis) = (
        world.services.postgres.clone(),
        world.services.redis.clone(),
    );
    let keys = world.services.keys();
    let all = Selection {
        limit: 100,
        ..Selection::default()
    };
    // The first one was appended by a replay that died before it could mark it.
    let letters = dead_letters::list(&postgres, &all).await.unwrap();
    let appended = dead_letters::remembered_as(&keys, &letters[0]);
    let mut connection = world.services.redis().await;
    let set = connection.set::<_, _, ()>(&appended, "1").await;
    set.unwrap();
    let replay = || dead_letters::replay(&postgres, &redis, &keys, &all);
    let (one, other) = tokio::join!(replay(), replay());
    assert_eq!(one.unwrap().appended + other.unwrap().appended, 2);
    let length: u64 = connection.xlen(&keys.stream).await.unwrap();
    assert_eq!(length, 2);
    assert_eq!(replay().await.unwrap().appended, 0, "all are marked");

    // On purpose, each goes again, and again once.
    let again = Selection {
        include_replayed: true,
        until: Some(UnixMicros::now()),
        ..all.clone()
    };
    let replayed = dead_letters::replay(&postgres, &redis, &keys, &again).await;
    assert_eq!(replayed.unwrap().appended, 3);
    let before = Selection {
        until: Some(letters[0].received_at),
        ..again
    };
    let none = dead_letters::list(&postgres, &before).await.unwrap();
    assert!(none.is_empty(), "{none:?}");
}

/// After a restore from a dump, letters have ids that others had, and marks are gone.
#[tokio::test]
async fn a_restored_database_replays_what_it_does_not_know_as_replayed() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    for poison in ["a", "b", "c"] {
        world.producer.event(poison).await;
    }
    world.producer.batch(&vec![String::from("1"); 20_001]).await;
    // An entry that is too large is one letter, and not in one piece.
    world.settled(4).await;
    consumer.stop().await;

    let (postgres, redis) = (&world.services.postgres, &world.services.redis);
    let keys = world.services.keys();
    let replay = async |limit| {
        let selection = Selection {
            limit,
            ..Selection::default()
        };
        let done = dead_letters::replay(postgres, redis, &keys, &selection).await;
        let Replayed { appended, left } = done.unwrap();
        (appended, left)
    };
    assert_eq!(replay(2).await, (2, 1));
    assert_eq!(replay(2).await, (1, 0));
    assert_eq!(replay(2).await, (0, 0));
    let restored = "UPDATE dead_letters SET replayed_at = NULL";
    world.db.batch_execute(restored).await.unwrap();
    assert_eq!(replay(10).await, (3, 0));
    // A replay of the third that broke off is no reason to pass over another with its id.
    let changed = "UPDATE dead_letters SET replayed_at = NULL, entry_id = '1-' || id";
    world.db.batch_execute(changed).await.unwrap();
    let all = Selection {
        limit: 100,
        ..Selection::default()
    };
    let letters = dead_letters::list(postgres, &all).await.unwrap();
    let mut connection = world.services.redis().await;
    let other = dead_letters::remembered_as(&keys, &letters[2]);
    let set = connection.set::<_, _, ()>(&other, "1").await;
    set.unwrap();
    let changed = "UPDATE dead_letters SET entry_id = '2-' || id";
    world.db.batch_execute(changed).await.unwrap();
    assert_eq!(replay(10).await, (3, 0));
}
