//! What a batch leaves in each table, whichever way it goes in.

use super::*;
use crate::write::{accounts::multirange, entry_number};

#[tokio::test]
async fn a_batch_leaves_rows_rollups_letters_and_accounts() {
    let mut lane = Lane::begin().await;
    let (first, second) = (lane.event(0), lane.event(61));
    let lines = [first.clone(), second, first, "oops".to_owned()];
    let entries = vec![
        lane.entry(0, Source::Collector, &lines),
        lane.entry(2_000, Source::External, &[lane.event(2)]),
    ];
    let (batch, waited) = (fresh(entries), UnixMicros::now().0 - lane.began.0);
    let bytes = batch.bytes;
    let done = lane.write(batch).await;
    assert_eq!(done.entries, [lane.id(0), lane.id(2_000)]);
    assert_eq!(done.bytes, bytes);
    assert_eq!(done.dead_letters.len(), 1);
    assert!(done.stream_wait.as_micros().abs_diff(waited as u128) < 10_000_000);
    let counts = done.counts.total();
    assert_eq!((counts.stored, counts.duplicates), (3, 1));
    assert_eq!((counts.dead_lettered, counts.lost_entries), (1, 0));

    assert_eq!(lane.stored().await, [3, 3, 3]);
    let ledger = "SELECT source, entries, stored, duplicates, dead_lettered, lost_entries
                    FROM ledger ORDER BY source";
    assert_eq!(
        lane.rows(ledger).await,
        ["(collector,1,2,1,1,0)", "(external,1,1,0,0,0)"]
    );
    let commit = "SELECT seq, entry_count, stored, duplicates, dead_lettered, bytes,
                         cardinality(buckets), accepted_last - accepted_first,
                         round(stream_ms / 10000)
                    FROM commits";
    // The events of the first entry waited for the whole time, that of the second for 2 s less.
    let mean = waited as f64 / 1_000.0 - 400.0;
    assert_eq!(
        lane.rows(commit).await,
        [format!("(1,2,3,1,1,{bytes},2,00:00:02,{:.0})", mean / 1e4)]
    );
    let letter = "SELECT entry_id, entry_index, source, convert_from(payload, 'UTF8')
                    FROM dead_letters";
    assert_eq!(
        lane.rows(letter).await,
        [format!("({},3,collector,oops)", lane.id(0))]
    );
    let rollups = "SELECT events, value_micros, \"values\", duration_ms FROM rollup_1m
                    WHERE dimension = 0 ORDER BY bucket";
    assert_eq!(
        lane.rows(rollups).await,
        ["(2,3000000,2,2)", "(1,1500000,1,61)"]
    );
    assert_eq!(lane.number("SELECT count(*) FROM rollup_dirty").await, 0);
    assert!(lane.health.is_ready());
}

/// What was read fresh stands for a piece of the stream, what came again for itself.
#[tokio::test]
async fn a_commit_says_which_entries_it_counted() {
    let mut lane = Lane::begin().await;
    let event = |lane: &Lane, at| lane.entry(at, Source::External, &[lane.event(at as u32)]);
    let piece = fresh(vec![event(&lane, 1), event(&lane, 5)]);
    let again = batch(
        vec![event(&lane, 7), event(&lane, 9)],
        vec![lane.id(8)],
        true,
    );
    assert!(multirange(7, &piece).starts_with("{[7"));
    lane.write(piece).await;
    lane.write(again).await;
    for (at, is_counted) in [(0, false), (1, true), (3, true), (5, true), (6, false)]
        .into_iter()
        .chain([(7, true), (8, true), (9, true), (10, false)])
    {
        let stream = lane.number("SELECT id::bigint FROM streams").await;
        let number = entry_number(stream as i32, lane.id(at));
        let covers = format!("SELECT count(*) FROM commits WHERE entries @> {number}::numeric");
        assert_eq!(lane.number(&covers).await, i64::from(is_counted), "{at}");
    }
    let lost = "SELECT sum(lost_entries)::bigint FROM ledger";
    assert_eq!(lane.number(lost).await, 1);
}

#[tokio::test]
async fn entries_that_come_again_are_acknowledged_and_not_counted() {
    let mut lane = Lane::begin().await;
    let twice = |lane: &Lane| {
        let entries = [10, 20].map(|at| {
            lane.entry(
                at,
                Source::Generator,
                &[lane.event(at as u32), "oops".into()],
            )
        });
        entries.to_vec()
    };
    lane.write(fresh(twice(&lane))).await;
    // Known to have been delivered before, and not known.
    for redelivered in [true, false] {
        let batch = batch(twice(&lane), Vec::new(), redelivered);
        let done = lane.write(batch).await;
        assert_eq!(done.entries, [lane.id(10), lane.id(20)]);
        assert_eq!(done.counts, Default::default());
    }
    // One of them with a new one.
    let mut entries = twice(&lane);
    entries.remove(0);
    entries.push(lane.entry(30, Source::Generator, &[lane.event(30)]));
    let done = lane.write(fresh(entries)).await;
    assert_eq!(done.entries, [lane.id(20), lane.id(30)]);
    assert_eq!(done.counts.total().stored, 1);
    assert_eq!(lane.stored().await, [3, 3, 3]);
    assert_eq!(lane.number("SELECT count(*) FROM commits").await, 2);
    assert_eq!(lane.number("SELECT count(*) FROM dead_letters").await, 2);
}

#[tokio::test]
async fn events_that_come_again_are_duplicates() {
    let mut lane = Lane::begin().await;
    let counts = |done: Committed| {
        let counts = done.counts.total();
        (counts.stored, counts.duplicates)
    };
    let batch = lane.events(1, 0..10);
    assert_eq!(counts(lane.write(batch).await), (10, 0));
    // Not suspected, then suspected beside more that are new, then nothing but suspects.
    for (at, numbers, wanted) in [
        (2, 5..15, (5, 5)),
        (3, 10..22, (7, 5)),
        (4, 10..22, (0, 12)),
    ] {
        let batch = lane.events(at, numbers);
        assert_eq!(counts(lane.write(batch).await), wanted, "{at}");
    }
    assert_eq!(lane.stored().await, [22, 22, 22]);
}

/// Whoever keeps coarser tiers is told of minutes that it may have built.
#[tokio::test]
async fn old_minutes_are_marked() {
    let mut lane = Lane::begin().await;
    lane.began = UnixMicros(lane.began.0 - 3_600_000_000);
    let batch = lane.events(1, 0..3);
    lane.write(batch).await;
    let marked = "SELECT bucket FROM rollup_dirty";
    let buckets = "SELECT DISTINCT bucket FROM rollup_1m";
    assert_eq!(lane.rows(marked).await, lane.rows(buckets).await);
    assert_eq!(lane.rows(marked).await.len(), 1);
}
