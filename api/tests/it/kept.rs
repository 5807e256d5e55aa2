//! What is cached of built buckets, and when it must not be used.

use std::slice;

use common::{rollup::Tier, time::UnixMicros};
use serde_json::Value;

use crate::support::{Api, MINUTE, Sent, build, write};

const RANGE: &str = "from=2026-03-08T00:10:00Z&to=2026-03-09T00:20:00Z";
const QUESTIONS: [&str; 5] = [
    "breakdown?dimension=page",
    "breakdown?dimension=page&limit=2",
    "summary?tz=UTC",
    "timeseries?interval=1h",
    "summary?filter=page:%2Fa",
];

fn start() -> UnixMicros {
    UnixMicros::parse_rfc3339("2026-03-08T00:00:00Z").unwrap()
}

fn sent(minute: i64, user: u32) -> Sent {
    let pages = ["/", "/a", "/b", "/c"];
    Sent {
        session: Some(user % 50),
        page: Some(pages[(user.trailing_ones() as usize).min(3)]),
        value_micros: Some(i64::from(user) * 1_000),
        duration_ms: Some(user),
        ..Sent::at(UnixMicros(start().0 + minute * MINUTE), user)
    }
}

/// A day and a bit of events, with its quarters and hours built.
async fn a_built_day(api: &mut Api) -> Vec<Sent> {
    let events: Vec<_> = (0..300).map(|n| sent(i64::from(n) * 5, n)).collect();
    write(&mut api.db, &events, 1, &events).await;
    build(&mut api.db, Tier::QuarterHour, &events, |_| false).await;
    build(&mut api.db, Tier::Hour, &events, |_| false).await;
    events
}

async fn answers(api: &Api) -> Vec<Value> {
    let mut answers = Vec::new();
    for question in QUESTIONS {
        let path = format!("/api/v1/metrics/{question}&{RANGE}");
        let mut body = api.body(&path).await;
        for moment in ["watermark", "generated_at"] {
            body["meta"][moment].take();
        }
        answers.push(body);
    }
    answers
}

/// As a process answers that has nothing kept and keeps nothing.
async fn fresh_answers(api: &Api) -> Vec<Value> {
    let services = api.services.clone();
    let fresh = Api::with(services, &[("QUERY_CACHE_BYTES", "0")]).await;
    let fresh = fresh.ready().await;
    let answers = answers(&fresh).await;
    fresh.stop().await;
    answers
}

/// An event comes late and is seen once its minute is marked as changed, because what is kept of
/// the bucket around it isn't used any more. The mark is gone afterwards, as after a compaction.
async fn answers_with_a_late_event(
    api: &mut Api,
    events: &mut Vec<Sent>,
    minute: i64,
) -> Vec<Value> {
    let before = answers(api).await;
    let late = sent(minute, 1_000);
    events.push(late.clone());
    write(&mut api.db, slice::from_ref(&late), 2, events).await;
    assert_eq!(before, answers(api).await, "counted, but not yet marked");
    let bucket = late.at.to_rfc3339();
    let mark = format!("INSERT INTO rollup_dirty (bucket) VALUES ('{bucket}')");
    api.db.batch_execute(&mark).await.unwrap();
    let after = answers(api).await;
    assert_ne!(before, after, "what is kept of it isn't used");
    assert_eq!(after, fresh_answers(api).await);
    let clear = "DELETE FROM rollup_dirty";
    api.db.batch_execute(clear).await.unwrap();
    after
}

#[tokio::test]
async fn hours_are_read_once_and_answers_stay_the_same() {
    let mut api = Api::start().await.ready().await;
    a_built_day(&mut api).await;
    let cold = answers(&api).await;
    assert_eq!(cold, fresh_answers(&api).await);
    assert_eq!(cold, answers(&api).await);
    // Nobody writes a built hour without saying so: what is answered now was in memory.
    api.db
        .batch_execute("UPDATE rollup_1h SET events = 1000")
        .await
        .unwrap();
    assert_eq!(cold, answers(&api).await);
    assert_ne!(cold, fresh_answers(&api).await);
    api.stop().await;
}

#[tokio::test]
async fn an_hour_that_is_built_again_is_seen_at_once() {
    let mut api = Api::start().await.ready().await;
    let mut events = a_built_day(&mut api).await;
    let after = answers_with_a_late_event(&mut api, &mut events, 8 * 60 + 7).await;
    let hour = UnixMicros(start().0 + 8 * 60 * MINUTE);
    let quarter = |bucket: UnixMicros| bucket != hour;
    build(&mut api.db, Tier::QuarterHour, &events, quarter).await;
    assert_eq!(after, answers(&api).await, "its quarters are used");
    build(&mut api.db, Tier::Hour, &events, |bucket| bucket != hour).await;
    assert_eq!(after, answers(&api).await, "the hour is used again");
    assert_eq!(after, fresh_answers(&api).await);
    api.stop().await;
}

#[tokio::test]
async fn minutes_of_a_quarter_that_is_cut_are_read_once_until_it_is_built_again() {
    let mut api = Api::start().await.ready().await;
    let mut events = a_built_day(&mut api).await;
    let after = answers_with_a_late_event(&mut api, &mut events, 12).await;
    let others = |bucket: UnixMicros| bucket != start();
    build(&mut api.db, Tier::QuarterHour, &events, others).await;
    assert_eq!(after, answers(&api).await, "another version, read anew");
    assert_eq!(after, fresh_answers(&api).await);
    api.stop().await;
}
