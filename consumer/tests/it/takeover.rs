//! Entries of a consumer that is gone; entries that two writers hold at once.

use std::time::{Duration, Instant};

use common::{
    admin::Health,
    shutdown::Shutdown,
    wire::{EntryId, Payload, Source},
};
use consumer::{
    decode::{Batch, Decoder},
    read::{Entry, Run},
    write::{LANE_LOCKS, Writer, WriterConfig, free_lane_name},
};
use testkit::{TERMINATE_LANES, wait_until};
use tokio::sync::mpsc;

use crate::harness::{SOON, Sums, World, event, events};

#[tokio::test]
async fn a_stopped_consumers_entries_are_taken_over() {
    let mut world = World::new().await;
    world.keep_everything().await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(world.producer.batch(&events(n * 10..n * 10 + 10)).await);
    }
    let consumer = world.consumer(&[]).await;
    world.settled(100).await;
    consumer.stop().await;

    // It had committed the first ten entries and read five more when it died.
    let claim = format!("XCLAIM $s $g dead/0 0 {} FORCE JUSTID", ids.join(" "));
    let claimed: Vec<String> = world.redis(&claim).await;
    assert_eq!(claimed.len(), 10);
    for n in 100..105 {
        world.producer.event(&event(n)).await;
    }
    world.deliver_to("dead/0", 5).await;
    let _: i64 = world.redis("XGROUP CREATECONSUMER $s $g empty/0").await;

    let consumer = world.consumer(&[]).await;
    let sums = world.settled(105).await;
    assert_eq!((sums.stored, sums.duplicates), (105, 0));
    wait_until("the dead are removed", SOON, || async {
        world.consumers().await == ["test/0"]
    })
    .await;
    consumer.stop().await;
}

/// Longer than the dead are given time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lives_stays_in_the_group_while_nothing_is_read() {
    let mut world = World::new().await;
    let lanes = [("CONSUMER_LANES", "2"), ("CLAIM_IDLE_MS", "100")];
    let consumer = world.consumer(&lanes).await;
    world.producer.event(&event(0)).await;
    world.settled(1).await;
    wait_until("both lanes are there", SOON, || async {
        world.consumers().await.len() == 2
    })
    .await;
    let until = Instant::now() + Duration::from_secs(8);
    while Instant::now() < until {
        assert_eq!(world.consumers().await.len(), 2);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_whose_name_was_taken_goes_on_under_another() {
    let mut world = World::new().await;
    let consumer = world.consumer(&[]).await;
    world.producer.event(&event(0)).await;
    world.settled(1).await;
    let thief = world.services.db().await;
    let take = "SELECT pg_try_advisory_lock($1, hashtext('test/0'))";
    wait_until("another has the name", SOON, || async {
        world.count(TERMINATE_LANES).await;
        thief.query_one(take, &[&LANE_LOCKS]).await.unwrap().get(0)
    })
    .await;
    world.producer.batch(&events(1..20)).await;
    assert_eq!(world.settled(20).await.stored, 20);
    world.producer.batch(&events(20..40)).await;
    assert_eq!(world.settled(40).await.stored, 40);
    let lane = "SELECT count(*) FROM writers WHERE consumer = 'test/1'";
    assert_eq!(world.count(lane).await, 1);
    wait_until("the old name is gone", SOON, || async {
        world.consumers().await == ["test/1"]
    })
    .await;
    wait_until("ready", SOON, || consumer.is_ready()).await;
    consumer.stop().await;
}

#[tokio::test]
async fn a_claim_of_more_than_one_sweep_is_finished() {
    let mut world = World::new().await;
    for n in 0..450 {
        world.producer.event(&event(n)).await;
    }
    let () = world.redis("XGROUP CREATE $s $g 0").await;
    world.deliver_to("dead/0", 450).await;
    let consumer = world.consumer(&[]).await;
    assert_eq!(world.settled(450).await.stored, 450);
    consumer.stop().await;
}

fn batch(entries: std::ops::Range<u32>, poison: bool) -> Batch {
    let mut decoder = Decoder::new(common::event::Limits::default());
    let entry = |n: u32| Entry {
        id: EntryId {
            ms: 1_790_000_000_000 + u64::from(n),
            seq: 0,
        },
        source: Source::External,
        payload: Payload::Batch(
            [
                event(n),
                if poison {
                    "poison".into()
                } else {
                    event(n + 10_000)
                },
            ]
            .join("\n")
            .into_bytes(),
        ),
        trace: Default::default(),
    };
    decoder.push(Run {
        epoch: "epoch".into(),
        entries: entries.map(entry).collect(),
        lost: vec![],
        redelivered: false,
        read_at: Instant::now(),
    });
    decoder.take().unwrap()
}

async fn write(world: &World, lane: &str, batches: Vec<Batch>) -> (usize, u64) {
    let (lane, holder) = free_lane_name(&world.services.postgres, lane, 0)
        .await
        .unwrap();
    let config = WriterConfig {
        postgres: world.services.postgres.clone(),
        stream_key: world.stream(),
        lane,
        limits: common::event::Limits::default(),
        folds: true,
        recent: Default::default(),
        max_values: 100,
        timeout: Duration::from_secs(20),
        stop_grace: Duration::from_secs(20),
        name_patience: Duration::from_secs(20),
    };
    let shutdown = Shutdown::new();
    let health = Health::new("test", "0", "test", &[], shutdown.clone());
    let (batches_in, batches_out) = mpsc::channel(batches.len());
    let (committed_in, mut committed) = mpsc::channel(batches.len());
    for batch in batches {
        batches_in.send(batch).await.unwrap();
    }
    drop(batches_in);
    Writer::new(config, health, holder)
        .run(batches_out, committed_in, shutdown)
        .await;
    let (mut entries, mut handled) = (0, 0);
    while let Some(done) = committed.recv().await {
        let counts = done.counts.total();
        entries += done.entries.len();
        handled += counts.stored + counts.duplicates + counts.dead_lettered;
    }
    (entries, handled)
}

/// The exclusion constraint lets one of them count an entry; both may acknowledge it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_of_the_same_entries_count_them_once() {
    let world = World::new().await;
    for poison in [false, true] {
        let from = if poison { 1_000 } else { 0 };
        let cut = |width: u32| -> Vec<Batch> {
            let starts = (from..from + 60).step_by(width as usize);
            starts
                .map(|n| batch(n..(n + width).min(from + 60), poison))
                .collect()
        };
        let before = Sums::read(&world.db).await;
        let both = async {
            tokio::join!(
                write(&world, "one", cut(7)),
                write(&world, "other", cut(10)),
            )
        };
        let (one, other) = tokio::time::timeout(SOON, both).await.unwrap();
        assert_eq!((one.0, other.0), (60, 60), "both acknowledge all");
        assert_eq!(one.1 + other.1, 120, "an event is counted by one of them");
        let after = Sums::read(&world.db).await;
        assert_eq!(after.duplicates, before.duplicates);
        assert_eq!(
            after.stored + after.dead_lettered,
            before.stored + before.dead_lettered + 120
        );
    }
}
