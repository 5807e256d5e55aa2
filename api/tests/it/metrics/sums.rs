//! Random events and questions: the parts of an answer sum to what SQL counts.

use common::{rollup::Tier, time::UnixMicros};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::Value;

use crate::{
    rows::at,
    support::{Api, MINUTE, Sent, build, write},
};

fn random_events() -> impl Strategy<Value = Vec<Sent>> {
    // Around the change of the clock in New York and Lord Howe, on ten days.
    let start = at("2026-03-28T00:00:00Z").0;
    let event = (
        0..10 * 86_400_000_000_i64,
        0..300_u32,
        prop::option::of(0..80_u32),
        prop::option::of(prop::sample::select(&["/", "/a", "/b", "/c"][..])),
        prop::option::of(prop::sample::select(&["DE", "FR"][..])),
        prop::option::of(-1_000_000_000_000..1_000_000_000_000_i64),
        prop::option::of(0..10_000_u32),
    )
        .prop_map(
            move |(at, user, session, page, country, value_micros, duration_ms)| Sent {
                at: UnixMicros(start + at),
                user,
                session,
                page,
                country,
                value_micros,
                duration_ms,
            },
        );
    prop::collection::vec(event, 400)
}

#[tokio::test]
async fn series_and_breakdowns_sum_to_what_sql_counts() {
    let mut api = Api::start().await.ready().await;
    let mut runner = TestRunner::default();
    let events = random_events().new_tree(&mut runner).unwrap().current();
    write(&mut api.db, &events, 1, &events).await;
    build(&mut api.db, Tier::QuarterHour, &events, |bucket| {
        bucket.0 / 1_000_000 % 7 == 0
    })
    .await;
    build(&mut api.db, Tier::Hour, &events, |bucket| {
        bucket.0 / 1_000_000 % 11 == 0
    })
    .await;
    build(&mut api.db, Tier::Day, &events, |bucket| {
        bucket.0 / 86_400_000_000 % 3 == 0
    })
    .await;
    const ZONES: [&str; 5] = [
        "UTC",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Europe/Berlin",
    ];
    let question = (
        0..9 * 86_400_000_000_i64,
        1_i64..3 * 86_400_000_000,
        any::<bool>(),
        prop::sample::select(&ZONES[..]),
        prop::sample::select(&["1m", "5m", "15m", "1h", "1d"][..]),
        prop::option::of(prop::sample::select(
            &["country:DE", "page:/a", "page:"][..],
        )),
    );
    for _ in 0..40 {
        let (from, length, whole, zone, interval, filter) =
            question.new_tree(&mut runner).unwrap().current();
        let align = |micros: i64| {
            if whole {
                micros / MINUTE * MINUTE
            } else {
                micros
            }
        };
        let from = UnixMicros(at("2026-03-28T00:00:00Z").0 + align(from));
        let to = UnixMicros(from.0 + align(length).max(MINUTE));
        let mut query = format!(
            "from={}&to={}&tz={zone}",
            from.to_rfc3339(),
            to.to_rfc3339()
        );
        if let Some(filter) = filter {
            query.push_str(&format!("&filter={filter}"));
        }
        check(&api, &query, (from, to), interval, filter).await;
    }
    api.stop().await;
}

async fn check(
    api: &Api,
    query: &str,
    range: (UnixMicros, UnixMicros),
    interval: &str,
    filter: Option<&str>,
) {
    let (column, value) = filter
        .and_then(|filter| filter.split_once(':'))
        .unwrap_or(("event_type", "click"));
    let sql = format!(
        "SELECT count(*), count(DISTINCT user_id), count(DISTINCT session_id), \
         coalesce(sum(value_micros), 0)::text, coalesce(sum(duration_ms), 0)::bigint, count(duration_ms) \
         FROM events WHERE occurred_at >= to_timestamp($1::bigint / 1000000) + $1 % 1000000 * interval '1 microsecond' \
         AND occurred_at < to_timestamp($2::bigint / 1000000) + $2 % 1000000 * interval '1 microsecond' \
         AND coalesce({column}, '') = $3"
    );
    let row = api
        .db
        .query_one(&sql, &[&range.0.0, &range.1.0, &value])
        .await
        .unwrap();
    let micros: i128 = row.get::<_, String>(3).parse().unwrap();
    let summary = api.data(&format!("/api/v1/metrics/summary?{query}")).await;
    assert_eq!(number(&summary["events"]), row.get::<_, i64>(0), "{query}");
    assert_eq!(number(&summary["users"]), row.get::<_, i64>(1), "{query}");
    assert_eq!(
        number(&summary["sessions"]),
        row.get::<_, i64>(2),
        "{query}"
    );
    assert_eq!(micros_of(&summary["value"]), micros, "{query}");
    let (sum, count): (i64, i64) = (row.get(4), row.get(5));
    let average = summary["duration_avg_ms"].as_f64().unwrap_or_default();
    assert!(
        (average * count as f64 - sum as f64).abs() <= count as f64 * 0.001,
        "{query}"
    );
    assert_parts(
        api,
        query,
        interval,
        filter.map(|_| column),
        (number(&summary["events"]), micros),
    )
    .await;
}

/// The buckets of a series and the rows of a breakdown sum to the whole.
async fn assert_parts(
    api: &Api,
    query: &str,
    interval: &str,
    column: Option<&str>,
    (events, micros): (i64, i128),
) {
    let dimension = column.unwrap_or("page");
    for path in [
        format!("timeseries?{query}&interval={interval}"),
        format!("breakdown?{query}&dimension={dimension}"),
    ] {
        let parts = api.data(&format!("/api/v1/metrics/{path}")).await;
        let rows = parts.as_array().unwrap();
        let counted: i64 = rows.iter().map(|row| number(&row["events"])).sum();
        let summed: i128 = rows.iter().map(|row| micros_of(&row["value"])).sum();
        assert_eq!((counted, summed), (events, micros), "{path}");
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn micros_of(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<6}").parse().unwrap()
}
