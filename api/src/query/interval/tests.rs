use proptest::prelude::*;

use super::*;
use crate::query::range::rfc3339_in;

const ZONES: [&str; 8] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Pacific/Apia",
];

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// Bucket starts minute by minute, from the wall clock alone.
fn brute_force(range: Range, interval: Interval, zone: &TimeZone) -> Vec<UnixMicros> {
    let minutes = range.from.0.div_euclid(MINUTE)..=(range.to.0 - 1).div_euclid(MINUTE);
    let starts = |minute: &i64| {
        let wall = |m: i64| timestamp(UnixMicros(m * MINUTE)).to_zoned(zone.clone());
        let (now, before) = (wall(*minute), wall(minute - 1));
        match interval {
            Interval::Day => now.date() != before.date(),
            Interval::Week => {
                let week = |at: &jiff::Zoned| at.date().iso_week_date().week();
                week(&now) != week(&before)
            }
            Interval::Month => now.month() != before.month(),
            Interval::Hour => now.minute() == 0 || now.offset() != before.offset(),
            _ => minute * MINUTE % interval.micros() == 0,
        }
    };
    minutes
        .filter(starts)
        .map(|minute| UnixMicros(minute * MINUTE))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn edges_are_those_of_the_wall_clock(
        // 2009 to 2026: with the day that Apia left out.
        from in 1_230_768_000_i64..1_790_000_000,
        minutes in 1_i64..60_000,
        name in prop::sample::select(&ZONES[..]),
        interval in prop::sample::select(&Interval::ALL[..]),
    ) {
        let from = from * 1_000_000;
        let range = Range { from: UnixMicros(from), to: UnixMicros(from + minutes * MINUTE) };
        let edges = bucket_edges(range, interval, &zone(name));
        prop_assert!(edges[0] <= range.from && edges[edges.len() - 1] >= range.to);
        prop_assert!(edges.is_sorted_by(|a, b| a < b));
        prop_assert!(edges.len() < 2 || edges[1] > range.from);
        let inside: Vec<_> = edges[1..].iter().copied().filter(|e| *e < range.to).collect();
        let mut brute = brute_force(range, interval, &zone(name));
        brute.retain(|start| *start > range.from && *start < range.to);
        prop_assert_eq!(inside, brute);
    }
}

fn shown(from: &str, to: &str, interval: Interval, name: &str) -> Vec<String> {
    let at = |text: &str| UnixMicros::parse_rfc3339(text).unwrap();
    let range = Range {
        from: at(from),
        to: at(to),
    };
    let zone = zone(name);
    bucket_edges(range, interval, &zone)
        .into_iter()
        .map(|e| rfc3339_in(e, &zone))
        .collect()
}

#[test]
fn days_have_23_and_25_hours_and_hours_may_have_30_minutes() {
    let days = shown(
        "2026-03-08T05:00:00Z",
        "2026-03-09T04:00:00Z",
        Interval::Day,
        "America/New_York",
    );
    assert_eq!(
        days,
        ["2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"]
    );
    let hours = shown(
        "2026-04-04T14:00:00Z",
        "2026-04-04T15:31:00Z",
        Interval::Hour,
        "Australia/Lord_Howe",
    );
    assert_eq!(
        hours,
        [
            "2026-04-05T01:00:00+11:00",
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T02:00:00+10:30",
            "2026-04-05T03:00:00+10:30"
        ]
    );
    let hours = shown(
        "2026-01-01T00:20:00Z",
        "2026-01-01T01:00:00Z",
        Interval::Hour,
        "Asia/Kathmandu",
    );
    assert_eq!(
        hours,
        ["2026-01-01T06:00:00+05:45", "2026-01-01T07:00:00+05:45"]
    );
}

#[test]
fn auto_is_allowed_over_any_range() {
    let days = |days: i64| Range {
        from: UnixMicros(0),
        to: UnixMicros(days * 1_440 * MINUTE),
    };
    assert_eq!(Interval::auto(days(365)), Interval::Day);
    // Since 1970, as a client asks that gives `from=0`.
    assert_eq!(Interval::auto(days(20_778)), Interval::Week);
    assert_eq!(Interval::auto(days(100_000)), Interval::Month);
}
