use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use common::time::UnixMicros;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::{
    rows::{Event, at, insert, plus},
    support::Api,
};

#[tokio::test]
async fn cohorts_are_weeks_of_the_zone_and_hold_who_came_back() {
    let api = Api::start().await.ready().await;
    // 2026-03-29 is a Sunday, and Berlin's day of 23 hours.
    let event = |moment: &str, kind: &str, user: &str| Event::new(at(moment), kind, user);
    insert(
        &api.db,
        &[
            event("2026-03-29T21:30:00Z", "visit", "ann"), // Sunday in Berlin
            event("2026-03-29T22:30:00Z", "visit", "bob"), // Monday there
            event("2026-03-30T10:00:00Z", "visit", "ann"),
            event("2026-04-06T10:00:00Z", "buy", "ann"),
            event("2026-04-06T10:00:00Z", "visit", "bob"),
        ],
    )
    .await;
    let range = "from=2026-03-23T00:00:00%2B01:00&to=2026-04-13T00:00:00%2B02:00&tz=Europe/Berlin";
    let data = api
        .data(&format!("/api/v1/retention?period=week&periods=3&{range}"))
        .await;
    let cell = |period: u32, users: u32, rate: f64| json!({"period": period, "users": users, "rate": rate, "partial": false});
    let none = |period: u32| json!({"period": period, "users": 0, "rate": null, "partial": false});
    assert_eq!(
        data,
        json!({"period": "week", "cohorts": [
            {"start": "2026-03-23T00:00:00+01:00", "size": 1, "partial": false, "returned": [cell(0, 1, 1.0), cell(1, 1, 1.0), cell(2, 1, 1.0)]},
            {"start": "2026-03-30T00:00:00+02:00", "size": 1, "partial": false, "returned": [cell(0, 1, 1.0), cell(1, 1, 1.0)]},
            {"start": "2026-04-06T00:00:00+02:00", "size": 0, "partial": false, "returned": [none(0)]},
        ]})
    );
    let path = format!(
        "/api/v1/retention?period=week&periods=3&{range}&filter=event_type:visit&return_filter=event_type:buy"
    );
    let data = api.data(&path).await;
    let users = |cohort: usize| -> Vec<_> {
        let returned = data["cohorts"][cohort]["returned"].as_array().unwrap();
        returned
            .iter()
            .map(|cell| cell["users"].as_u64().unwrap())
            .collect()
    };
    assert_eq!((users(0), users(1)), (vec![0, 0, 1], vec![0, 0]));
    let body = api
        .body("/api/v1/retention?period=month&periods=4&tz=Asia/Tokyo")
        .await;
    let cohorts = body["data"]["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.len(), 4, "as many months as are looked at");
    assert_eq!(cohorts[0]["start"], body["meta"]["from"]);
    assert_eq!(
        cohorts[3]["returned"],
        json!([{"period": 0, "users": 0, "rate": null, "partial": true}])
    );
    api.stop().await;
}

#[tokio::test]
async fn too_many_cohorts_are_refused_at_once() {
    let api = Api::start().await.ready().await;
    let ages = "from=0001-01-01T00:00:00Z&to=9999-12-01T00:00:00Z";
    let days = "from=2026-01-01T00:00:00Z&to=2027-02-06T00:00:00Z";
    for (period, range, nearest) in [
        ("day", ages, json!("week")),
        ("month", ages, Value::Null),
        ("day", days, json!("week")),
    ] {
        let path = format!("/api/v1/retention?period={period}&{range}&tz=Europe/Berlin");
        let started = Instant::now();
        let response = api.get(&path).await;
        assert_eq!(response.status, 422, "{path}");
        let problem = response.json();
        assert_eq!(
            (&problem["code"], &problem["nearest"]),
            (&json!("too_many_buckets"), &nearest)
        );
        assert!(started.elapsed() < Duration::from_secs(1), "{path}");
    }
    let most = "from=2026-01-01T00:00:00Z&to=2027-02-05T00:00:00Z";
    let path = format!("/api/v1/retention?period=day&{most}");
    let data = api.data(&path).await;
    assert_eq!(data["cohorts"].as_array().unwrap().len(), 400);
    api.stop().await;
}

#[tokio::test]
async fn what_the_range_cuts_is_partial() {
    let api = Api::start().await.ready().await;
    let path = "/api/v1/retention?period=week&periods=2&tz=Europe/Berlin\
                &from=2026-03-23T01:00:00%2B01:00&to=2026-04-12T23:00:00%2B02:00";
    let data = api.data(path).await;
    let cells = |cohort: &Value| -> Vec<_> {
        let cells = cohort["returned"].as_array().unwrap().iter();
        cells
            .map(|cell| cell["partial"].as_bool().unwrap())
            .collect()
    };
    let cohorts = data["cohorts"].as_array().unwrap().iter();
    let partial: Vec<_> = cohorts
        .map(|cohort| (cohort["partial"].as_bool().unwrap(), cells(cohort)))
        .collect();
    let wanted = [
        (true, vec![true, false]),
        (false, vec![false, true]),
        (true, vec![true]),
    ];
    assert_eq!(partial, wanted);
    api.stop().await;
}

/// The first day of the period that holds a moment.
fn period_of(moment: i64, period: &str, zone: &TimeZone) -> Date {
    let date = Timestamp::from_microsecond(moment)
        .unwrap()
        .to_zoned(zone.clone())
        .date();
    match period {
        "day" => date,
        "week" => date - i64::from(date.weekday().to_monday_zero_offset()).days(),
        _ => date.first_of_month(),
    }
}

fn next(start: Date, period: &str) -> Date {
    match period {
        "day" => start + 1.day(),
        "week" => start + 7.days(),
        _ => start + 1.month(),
    }
}

type Range = (UnixMicros, UnixMicros);

struct Asked {
    period: &'static str,
    zone: &'static str,
    periods: usize,
    /// Event types of the cohorts and of coming back; empty: any.
    kinds: [&'static str; 2],
}

impl Asked {
    fn path(&self, (from, to): Range) -> String {
        let filter = |name: &str, kind: &str| match kind {
            "" => String::new(),
            kind => format!("&{name}=event_type:{kind}"),
        };
        format!(
            "/api/v1/retention?period={}&periods={}&tz={}&from={}&to={}{}{}",
            self.period,
            self.periods,
            self.zone,
            from.to_rfc3339(),
            to.to_rfc3339(),
            filter("filter", self.kinds[0]),
            filter("return_filter", self.kinds[1])
        )
    }

    /// Which of the range's periods holds a moment, from 0.
    fn place(&self, from: UnixMicros, moment: UnixMicros) -> usize {
        let zone = TimeZone::get(self.zone).unwrap();
        let wanted = period_of(moment.0, self.period, &zone);
        let first = period_of(from.0, self.period, &zone);
        let starts = std::iter::successors(Some(first), |start| Some(next(*start, self.period)));
        starts.take_while(|start| *start < wanted).count()
    }

    /// The size of each cohort and who of it came back, user by user.
    fn expected(&self, events: &[Event], (from, to): Range) -> Vec<(u64, Vec<u64>)> {
        let all = self.place(from, UnixMicros(to.0 - 1)) + 1;
        let mut users: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        let inside = |event: &&Event| event.at >= from && event.at < to;
        for event in events.iter().filter(inside) {
            users.entry(&event.user).or_default().push(event);
        }
        let cohort = |at| (0, vec![0; self.periods.min(all - at)]);
        let mut cohorts: Vec<_> = (0..all).map(cohort).collect();
        for events in users.into_values() {
            let of = |kind: &'static str| {
                let passes = move |event: &&&Event| kind.is_empty() || event.kind == kind;
                events.iter().filter(passes).map(|event| event.at)
            };
            let Some(first) = of(self.kinds[0]).min() else {
                continue;
            };
            let place = self.place(from, first);
            let back = of(self.kinds[1]).filter(|at| *at >= first);
            let back: BTreeSet<_> = back.map(|at| self.place(from, at) - place).collect();
            cohorts[place].0 += 1;
            for period in back.into_iter().filter(|period| *period < self.periods) {
                cohorts[place].1[period] += 1;
            }
        }
        cohorts
    }
}

#[tokio::test]
async fn retention_is_what_a_walk_over_all_events_gives() {
    let api = Api::start().await.ready().await;
    let mut runner = TestRunner::default();
    let start = at("2026-03-01T00:00:00Z");
    let kinds = prop::sample::select(&["a", "b"][..]);
    let event = (0..70 * 86_400_i64, 0..60_u32, kinds);
    let drawn = prop::collection::vec(event, 400).new_tree(&mut runner);
    let drawn = drawn.unwrap().current();
    let event = |(second, user, kind): &(i64, u32, &str)| {
        Event::new(plus(start, *second), kind, &format!("u{user}"))
    };
    let events: Vec<_> = drawn.iter().map(event).collect();
    insert(&api.db, &events).await;
    let range = (at("2026-03-05T07:00:00Z"), at("2026-05-05T11:00:00Z"));
    for (period, zone, periods) in [
        ("day", "America/New_York", 9),
        ("week", "Asia/Kathmandu", 4),
        ("month", "Europe/Berlin", 3),
        ("week", "UTC", 20),
    ] {
        for kinds in [["", ""], ["a", "b"]] {
            let asked = Asked {
                period,
                zone,
                periods,
                kinds,
            };
            let data = api.data(&asked.path(range)).await;
            let cohorts = data["cohorts"].as_array().unwrap();
            let got: Vec<_> = cohorts.iter().map(read).collect();
            assert_eq!(got, asked.expected(&events, range), "{}", asked.path(range));
        }
    }
    api.stop().await;
}

fn read(cohort: &Value) -> (u64, Vec<u64>) {
    let returned = cohort["returned"].as_array().unwrap();
    let users = returned.iter().map(|cell| cell["users"].as_u64().unwrap());
    (cohort["size"].as_u64().unwrap(), users.collect())
}
