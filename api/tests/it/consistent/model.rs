//! Some events, and every number recomputed from them one by one.

use std::collections::{BTreeMap, BTreeSet};

use common::{rollup::Tier, time::UnixMicros};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Map, Value};

use crate::support::{Api, Sent, build, write};

pub(super) const METRICS: &str = "events,users,sessions,value,events_per_session,bounce_rate,\
    duration_avg_ms,duration_p50_ms,duration_p95_ms,duration_p99_ms";
const DAY: i64 = 86_400_000_000;
pub(super) const DAYS: i64 = 10;

/// Around the changes of the clock in Berlin and Lord Howe.
pub(super) fn start() -> UnixMicros {
    UnixMicros::parse_rfc3339("2026-03-28T00:00:00Z").unwrap()
}

/// Each session is one user's. Durations stay where rollups know each millisecond.
fn events() -> impl Strategy<Value = Vec<Sent>> {
    let event = (
        0..DAYS * DAY,
        0..60_u32,
        prop::option::weighted(0.8, 0..4_u32),
        prop::option::of(prop::sample::select(&["/", "/a", "/b", "/c/a"][..])),
        prop::option::of(prop::sample::select(&["DE", "FR"][..])),
        prop::option::of(-1_000_000_000..1_000_000_000_i64),
        prop::option::of(0..127_u32),
    )
        .prop_map(|(at, user, session, page, country, value, duration)| Sent {
            at: UnixMicros(start().0 + at),
            user,
            session: session.map(|n| user * 4 + n),
            page,
            country,
            value_micros: value,
            duration_ms: duration,
        });
    prop::collection::vec(event, 500)
}

pub(super) fn plan_of(event: &Sent) -> String {
    format!("p{}", event.user % 3)
}

/// Writes events, with a property by user, and builds some of the coarse buckets.
pub(super) async fn world(runner: &mut TestRunner) -> (Api, Vec<Sent>) {
    let mut api = Api::start().await.ready().await;
    let events = events().new_tree(runner).unwrap().current();
    write(&mut api.db, &events, 1, &events).await;
    let property = "UPDATE events SET properties = \
        jsonb_build_object('plan', jsonb_build_object('name', 'p' || (substr(user_id, 2)::int % 3)))";
    api.db.batch_execute(property).await.unwrap();
    let tiers = [(Tier::QuarterHour, 7), (Tier::Hour, 11), (Tier::Day, 3)];
    for (tier, unbuilt) in tiers {
        let width = tier.seconds() * 1_000_000;
        build(&mut api.db, tier, &events, |bucket| {
            bucket.0 / width % unbuilt == 0
        })
        .await;
    }
    (api, events)
}

pub(super) fn within(events: &[Sent], from: UnixMicros, to: UnixMicros) -> Vec<&Sent> {
    let lies = |event: &&Sent| event.at >= from && event.at < to;
    events.iter().filter(lies).collect()
}

/// All ten metrics, as an answer shows them.
pub(super) fn figures(events: &[&Sent]) -> Map<String, Value> {
    let users: BTreeSet<_> = events.iter().map(|event| event.user).collect();
    let mut sessions: BTreeMap<u32, u32> = BTreeMap::new();
    for session in events.iter().filter_map(|event| event.session) {
        *sessions.entry(session).or_default() += 1;
    }
    let bounced = sessions.values().filter(|events| **events == 1).count();
    let of_sessions = |n: f64| (!sessions.is_empty()).then(|| n / sessions.len() as f64);
    let micros: i128 = events
        .iter()
        .filter_map(|e| e.value_micros)
        .map(i128::from)
        .sum();
    let mut durations: Vec<_> = events
        .iter()
        .filter_map(|event| event.duration_ms)
        .collect();
    durations.sort_unstable();
    let sum: f64 = durations.iter().copied().map(f64::from).sum();
    let average = (!durations.is_empty()).then(|| sum / durations.len() as f64);
    let quantile = |q: f64| {
        let rank = (q * durations.len() as f64).ceil() as usize;
        durations.get(rank.max(1) - 1).copied().map(f64::from)
    };
    let thousandths = |n: f64| (n * 1_000.0).round() / 1_000.0;
    let all: [(&str, Value); 10] = [
        ("events", events.len().into()),
        ("users", users.len().into()),
        ("sessions", sessions.len().into()),
        ("value", decimal(micros).into()),
        (
            "events_per_session",
            of_sessions(events.len() as f64).map(thousandths).into(),
        ),
        ("bounce_rate", of_sessions(bounced as f64).into()),
        ("duration_avg_ms", average.map(thousandths).into()),
        ("duration_p50_ms", quantile(0.5).into()),
        ("duration_p95_ms", quantile(0.95).into()),
        ("duration_p99_ms", quantile(0.99).into()),
    ];
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), near(&value)))
        .collect()
}

/// A fraction without its last digits: reading JSON may change them.
pub(super) fn near(number: &Value) -> Value {
    match number.as_f64() {
        Some(fraction) if number.is_f64() => ((fraction * 1e12).round() / 1e12).into(),
        _ => number.clone(),
    }
}

fn decimal(micros: i128) -> String {
    let text = format!("{:07}", micros.unsigned_abs());
    let (whole, fraction) = text.split_at(text.len() - 6);
    let fraction = fraction.trim_end_matches('0');
    let sign = if micros < 0 { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// A filter as a query string has it, and what passes it.
pub(super) type Filter = (&'static str, fn(&Sent) -> bool);

pub(super) const FILTERS: [Filter; 10] = [
    ("", |_| true),
    ("country:DE", |e| e.country == Some("DE")),
    ("page:is_not:/a|/b", |e| {
        !matches!(e.page, Some("/a" | "/b"))
    }),
    ("page:matches:^/[ab]$", |e| {
        matches!(e.page, Some("/a" | "/b"))
    }),
    (r#"["not",["is","page",[""]]]"#, |e| e.page.is_some()),
    (
        r#"["or",[["is","country",["FR"]],["contains","page",["/c"]]]]"#,
        |e| e.country == Some("FR") || e.page == Some("/c/a"),
    ),
    (
        r#"["and",[["matches","page",["^/\\b","c/."]],["is","country",["DE",""]]]]"#,
        |e| e.country != Some("FR") && e.page.is_some_and(|page| page.len() > 1),
    ),
    ("user_id:is:u1|u2|u3|u4|u5", |e| (1..6).contains(&e.user)),
    ("session_id:is_not:", |e| e.session.is_some()),
    ("properties.plan.name:p1", |e| e.user % 3 == 1),
];

/// A field, and an event's value in it.
pub(super) type Field = (&'static str, fn(&Sent) -> String);

pub(super) const FIELDS: [Field; 6] = [
    ("page", |e| e.page.unwrap_or_default().to_owned()),
    ("country", |e| e.country.unwrap_or_default().to_owned()),
    ("event_type", |_| "click".to_owned()),
    ("user_id", |e| format!("u{}", e.user)),
    ("session_id", |e| {
        e.session.map(|s| format!("s{s}")).unwrap_or_default()
    }),
    ("properties.plan.name", plan_of),
];
