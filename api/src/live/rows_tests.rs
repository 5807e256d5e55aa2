use tokio::time::Instant;

use super::*;
use crate::{
    live::{held::Cell, window::Window},
    query::filter::Filter,
};

fn cell(tick: u64, events: u64) -> Cell {
    let rollup = Rollup {
        events,
        value_micros: i128::from(events) * 1_500_000,
        ..Rollup::default()
    };
    Cell { tick, rollup }
}

fn metrics(minutes: u16, interval: u16) -> Metrics {
    Metrics {
        minutes,
        interval,
        metrics: vec![Metric::Events, Metric::Value],
        filter: Filter::everything(),
    }
}

const fn at(minute: i64) -> UnixMicros {
    UnixMicros(minute * MINUTE)
}

fn slice(minutes: &[(i64, u64)]) -> Slice {
    let mut slice = Window::new(Instant::now());
    for (minute, events) in minutes {
        slice.put(at(*minute), cell(1, *events));
    }
    slice
}

fn numbers(body: &str) -> (Vec<(String, u64)>, Value) {
    let body: Value = serde_json::from_str(body).unwrap();
    let rows = body["minutes"].as_array().unwrap().iter();
    let rows = rows.map(|row| {
        let bucket = row["bucket"].as_str().unwrap();
        (bucket[14..16].to_owned(), row["events"].as_u64().unwrap())
    });
    (rows.collect(), body["totals"].clone())
}

fn shown(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    let rows = rows.iter();
    rows.map(|(minute, events)| ((*minute).to_owned(), *events))
        .collect()
}

#[test]
fn a_frame_holds_what_changed_and_the_totals_of_its_window() {
    // 00:07 to 00:10.
    let mut held = slice(&[(7, 1), (8, 5), (9, 9), (10, 0)]);
    let before = Rows::of(&metrics(3, 1), &held, (1, at(10)), None);
    let (rows, totals) = numbers(&before.body(None, None));
    assert_eq!(rows, shown(&[("07", 1), ("08", 5), ("09", 9)]));
    assert_eq!(totals, serde_json::json!({"events": 15, "value": "22.5"}));
    held.put(at(8), cell(2, 6));
    let after = Rows::of(&metrics(3, 1), &held, (2, at(11)), Some(&before));
    let changed = after.changes_since(&before);
    let (rows, totals) = numbers(&after.body(None, Some(&changed)));
    assert_eq!(rows, shown(&[("08", 6), ("10", 0)]));
    assert_eq!(totals["events"], 15);
    let same = Rows::of(&metrics(3, 1), &held, (3, at(11)), Some(&after));
    assert!(same.changes_since(&after).is_empty() && !same.has_moved_since(&after));
    // Who was there at 00:10 and knows of all commits but one of 00:09.
    let missed = after.missed(&BTreeSet::from([at(9), at(5)]), at(10));
    let (rows, _) = numbers(&after.body(None, Some(&missed)));
    assert_eq!(rows, shown(&[("08", 6), ("09", 9), ("10", 0)]));
    assert!(after.missed(&BTreeSet::new(), at(11)).is_empty());
}

#[test]
fn wide_buckets_lie_where_rest_puts_them_and_end_with_the_window() {
    let held = slice(&[(3, 1), (4, 2), (5, 4), (9, 8), (10, 16), (11, 32)]);
    let before = Rows::of(&metrics(7, 5), &held, (1, at(11)), None);
    let (rows, totals) = numbers(&before.body(None, None));
    assert_eq!(rows, shown(&[("00", 2), ("05", 12), ("10", 16)]));
    assert_eq!(totals["events"], 30);
    let after = Rows::of(&metrics(7, 5), &held, (2, at(12)), Some(&before));
    let changed = after.changes_since(&before);
    let (rows, totals) = numbers(&after.body(None, Some(&changed)));
    // The first bucket has left the window: what was in it isn't there any more.
    assert_eq!(rows, shown(&[("10", 48)]));
    assert_eq!(totals["events"], 60);
}
