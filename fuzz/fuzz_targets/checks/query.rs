//! A query string is rejected or parsed, and what was parsed stays within its bounds.

use api::{
    query::{filter::Filter, interval::bucket_edges, range::MAX_BUCKETS, sql_text::SqlText},
    rest::parameters::Parameters,
};
use axum::http::Uri;
use common::time::UnixMicros;

const NAMES: [&str; 7] = ["from", "to", "tz", "filter", "interval", "limit", "raw"];
const NOW: UnixMicros = UnixMicros(1_763_634_907_123_456);

pub(crate) fn check(bytes: &[u8]) {
    let Ok(query) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(uri) = format!("/api/v1/metrics?{query}").parse::<Uri>() else {
        return;
    };
    let Ok(parameters) = Parameters::read(&uri, &NAMES) else {
        return;
    };
    if let Ok(limit) = parameters.limit(10, 1_000) {
        assert!((1..=1_000).contains(&limit));
    }
    let _ = parameters.flag("raw");
    check_buckets(&parameters);
    if let Ok(filter) = parameters.filter("filter") {
        check_filter(&filter);
    }
}

fn check_buckets(parameters: &Parameters) {
    let (Ok(range), Ok((_, zone))) = (parameters.range(NOW), parameters.zone()) else {
        return;
    };
    assert!(range.from < range.to);
    let Ok(interval) = parameters.interval(range) else {
        return;
    };
    let edges = bucket_edges(range, interval, &zone);
    // A change of the clock makes one more of an hour.
    assert!(edges.len() as i64 <= MAX_BUCKETS * 2);
    assert!(edges.is_sorted_by(|one, next| one < next));
    assert!(edges.first().is_some_and(|first| *first <= range.from));
}

fn check_filter(filter: &Filter) {
    let mut sql = SqlText::named("check");
    filter.condition(&mut sql);
    assert!(sql.text().is_ascii(), "a statement holds constants only");
    let _ = (filter.holds("/a"), filter.in_one_dimension());
    // Several filters are one that is nested deeper, perhaps too deep for a single one.
    if let Ok(again) = Filter::from_json(&filter.to_json()) {
        assert_eq!(again, *filter);
    }
}
