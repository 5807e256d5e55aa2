use common::rollup::{Identity, Sample, Session};

use super::*;

fn rollup(events: u32, users: u32, sessions: u32) -> Rollup {
    let mut rollup = Rollup::default();
    for n in 0..events {
        rollup.add(&Sample {
            user: Identity::of(&format!("u{}", n % users)),
            session: Some(Session::of(&format!("s{}", n % sessions))),
            value_micros: Some(1_500_000),
            duration_ms: Some(n),
        });
    }
    rollup
}

#[test]
fn few_are_exact_and_many_are_estimates() {
    let metrics = Metric::ALL;
    let few = Figures::of(&rollup(100, 10, 20));
    assert_eq!((few.users, few.sessions), (10, 20));
    assert_eq!(few.shown(Metric::Value), "150");
    assert_eq!(few.shown(Metric::EventsPerSession), 5.0);
    assert_eq!(estimates([&few], &metrics), Map::new());
    let many = Figures::of(&rollup(12_000, 9_000, 9_000));
    assert!(many.users <= many.sessions && many.sessions <= many.events);
    let estimates = estimates([&few, &many], &metrics);
    let names: Vec<_> = estimates.keys().map(String::as_str).collect();
    let want = [
        "bounce_rate",
        "duration_p50_ms",
        "duration_p95_ms",
        "duration_p99_ms",
        "events_per_session",
        "sessions",
        "users",
    ];
    assert_eq!(names, want);
}

#[test]
fn a_bounce_rate_of_a_full_sample_is_an_estimate_even_where_all_are_alike() {
    let relative = |events: u32, sessions: u32| {
        let figures = Figures::of(&rollup(events, 10, sessions));
        let shown = estimates([&figures], &[Metric::BounceRate]);
        let error = shown
            .get("bounce_rate")
            .map(|of| of["relative_error"].as_f64());
        (figures.bounce_rate, error.flatten())
    };
    assert_eq!(relative(1_000, 1_000), (Some(1.0), None));
    assert_eq!(relative(2_000, 2_000), (Some(1.0), Some(1.0 / 1_024.0)));
    assert_eq!(relative(2_000, 1_000), (Some(0.0), None));
    assert_eq!(relative(4_000, 2_000), (Some(0.0), Some(1.0)));
}

#[test]
fn nothing_has_no_ratios() {
    let nothing = Figures::default();
    for metric in Metric::ALL {
        assert_eq!(Metric::parse(metric.as_str()), Some(metric));
        let shown = nothing.shown(metric);
        let counted = Metric::USUAL.contains(&metric);
        assert_eq!(shown.is_null(), !counted, "{metric:?}");
        assert_eq!(nothing.change(&nothing, metric), None);
    }
    let some = Figures::of(&rollup(100, 10, 20));
    let more = Figures::of(&rollup(150, 15, 20));
    assert_eq!(more.change(&some, Metric::Users), Some(0.5));
}
