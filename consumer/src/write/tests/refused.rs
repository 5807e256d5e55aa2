//! Rows that only the database refuses.

use super::*;
use crate::{
    decode::Rejected,
    write::recover::{refused_by_table, refused_rows},
};

const RULE: &str = "ALTER TABLE events ADD CONSTRAINT odd CHECK (duration_ms NOT IN (3, 7, 8))";

#[tokio::test]
async fn they_become_dead_letters_and_their_neighbours_are_stored() {
    let mut lane = Lane::begin().await;
    lane.db.batch_execute(RULE).await.unwrap();
    let batch = lane.events(1, 0..10);
    let done = lane.write(batch).await;
    let counts = done.counts.total();
    assert_eq!((counts.stored, counts.dead_lettered), (7, 3));
    assert_eq!(lane.stored().await, [7, 7, 7]);
    let letters = "SELECT entry_index, reason FROM dead_letters
                    WHERE detail LIKE '%SQLSTATE 23514%' ORDER BY 1";
    assert_eq!(
        lane.rows(letters).await,
        [3, 7, 8].map(|n| format!("({n},rejected_by_database)"))
    );
    assert!(lane.health.is_ready());
}

#[tokio::test]
async fn both_searches_find_them() {
    let lane = Lane::begin().await;
    lane.db.batch_execute(RULE).await.unwrap();
    let session = session(&lane.services).await;
    let batch = lane.events(1, 0..10);
    let all = refused_by_table(&session, &batch).await.unwrap();
    let wanted = |found: &Rejected| {
        let mut places: Vec<_> = found.keys().copied().collect();
        places.sort_unstable();
        assert_eq!(places, [3, 7, 8].map(|row| (lane.id(1), row)));
        let says_why = |why: &String| why.starts_with("SQLSTATE 23514: ");
        assert!(found.values().all(says_why));
    };
    wanted(&all);

    let search = refused_rows(&session, &batch, SOON, SOON).await;
    assert!(search.broken.is_none());
    wanted(&search.refused);
    // Without patience only the first.
    let search = refused_rows(&session, &batch, Duration::ZERO, SOON).await;
    assert_eq!(search.refused.len(), 1);
    // Nothing stays behind.
    assert_eq!(lane.stored().await, [0, 0, 0]);
    let in_time = refused_rows(&session, &batch, SOON, Duration::ZERO).await;
    assert!(in_time.refused.is_empty() && in_time.broken.is_some());
}
