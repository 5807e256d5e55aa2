//! Ranges much longer than what is stored.

use std::time::{Duration, Instant};

use common::rollup::Tier;
use testkit::memory_of;

use super::plus;
use crate::{
    rows::at,
    support::{Api, Sent, build, write},
};

/// The most that this process has held at once.
fn most_bytes() -> u64 {
    memory_of(std::process::id(), "VmHWM").unwrap()
}

#[tokio::test]
async fn a_summary_since_year_1_is_that_since_the_first_event() {
    let mut api = Api::start().await.ready().await;
    let start = at("2026-03-08T06:59:00Z");
    let sent = |n: u32| Sent {
        page: Some(["/", "/a", "/b"][n as usize % 3]),
        country: Some(["DE", "FR"][n as usize % 2]),
        ..Sent::at(plus(start, f64::from(n) * 600.0), n)
    };
    let events: Vec<_> = (0..100).map(sent).collect();
    write(&mut api.db, &events, 1, &events).await;
    let last = at("2026-03-08T18:00:00Z");
    build(&mut api.db, Tier::QuarterHour, &events, |at| at > last).await;
    build(&mut api.db, Tier::Hour, &events, |at| at > last).await;
    let before = most_bytes();
    for filter in ["", "&filter=country:DE", "&filter=page:contains:/"] {
        let summary = async |from: &str| {
            let to = "2027-01-01T00:00:00Z";
            let path = format!("/api/v1/metrics/summary?from={from}&to={to}&metrics=events,users");
            api.data(&format!("{path}{filter}")).await
        };
        let first = summary("2026-03-08T06:59:00Z").await;
        let started = Instant::now();
        for from in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(summary(from).await, first, "{from} {filter}");
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{filter}");
        assert!(first["events"].as_u64().unwrap() >= 50);
    }
    let grown = most_bytes() - before;
    // Buckets of all time would take eight times as much.
    assert!(grown < 1 << 30, "{grown} bytes");
    api.stop().await;
}
