//! Whatever is queried, and wherever the answer comes from: it equals what the events add up to.

mod asked;
mod model;

use std::collections::BTreeMap;

use common::time::UnixMicros;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Map, Value, json};

use self::asked::{Asked, question};
use self::model::{FIELDS, Field, METRICS, figures, near, world};
use crate::support::{Api, MINUTE, Sent};

const INTERVALS: [&str; 6] = ["5m", "15m", "1h", "1d", "1w", "1M"];

fn metrics_of(row: &Value) -> Map<String, Value> {
    let names = METRICS.split(',');
    names
        .map(|name| (name.to_owned(), near(&row[name])))
        .collect()
}

fn moment(value: &Value) -> UnixMicros {
    UnixMicros::parse_rfc3339(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn every_answer_is_what_the_events_add_up_to() {
    let mut runner = TestRunner::default();
    let (api, events) = world(&mut runner).await;
    for _ in 0..30 {
        let asked = question(&mut runner, &events);
        summary(&api, &asked).await;
        let interval = prop::sample::select(&INTERVALS[..]);
        let interval = interval.new_tree(&mut runner).unwrap().current();
        series(&api, &asked, interval).await;
        let field = prop::sample::select(&FIELDS[..]);
        let field = field.new_tree(&mut runner).unwrap().current();
        breakdown(&api, &asked, field).await;
        grouped(&api, &asked, field).await;
        query(&api, &asked, field).await;
    }
    api.stop().await;
}

async fn summary(api: &Api, asked: &Asked<'_>) {
    let path = format!("/api/v1/metrics/summary?{}&metrics={METRICS}", asked.query);
    let body = api.body(&format!("{path}&compare=previous")).await;
    let data = &body["data"];
    assert_eq!(metrics_of(data), figures(&asked.events), "{path}");
    assert_eq!(body["meta"]["estimates"], json!({}), "{path}");
    let number = |name: &str| data[name].as_u64().unwrap();
    if asked.query.contains("session_id") {
        let (users, sessions) = (number("users"), number("sessions"));
        assert!(users <= sessions && sessions <= number("events"), "{path}");
    }
    let before = &data["comparison"];
    let (from, to) = (moment(&before["from"]), moment(&before["to"]));
    assert_eq!(to, asked.from, "{path}");
    assert_eq!(
        metrics_of(before),
        figures(&asked.passing(from, to)),
        "{path}"
    );
}

async fn series(api: &Api, asked: &Asked<'_>, interval: &str) {
    let path = format!(
        "/api/v1/metrics/timeseries?{}&metrics={METRICS}&interval={interval}",
        asked.query
    );
    let response = api.get(&path).await;
    if response.status == 422 {
        assert_eq!(response.json()["code"], "too_many_buckets", "{path}");
        return;
    }
    let body = response.json();
    assert_rows(
        asked,
        &asked.events,
        body["data"].as_array().unwrap(),
        &path,
    );
    let compared = api.data(&format!("{path}&compare=previous")).await;
    let events = |row: &Value| row["comparison"]["events"].as_u64().unwrap_or_default();
    let sum: u64 = compared.as_array().unwrap().iter().map(events).sum();
    let length = asked.to.0 - asked.from.0;
    let before = asked.passing(UnixMicros(asked.from.0 - length), asked.from);
    // A range between midnights is compared with days, a moved one with new buckets.
    if length % MINUTE == 0 && asked.zone == "UTC" {
        assert_eq!(sum, before.len() as u64, "{path}");
    }
}

/// Rows without gaps, of which each is what its events add up to.
fn assert_rows(asked: &Asked<'_>, events: &[&Sent], rows: &[Value], path: &str) {
    let starts: Vec<_> = rows.iter().map(|row| moment(&row["bucket"])).collect();
    assert!(starts[0] <= asked.from, "{path}");
    for (at, row) in rows.iter().enumerate() {
        let end = starts.get(at + 1).copied().unwrap_or(asked.to);
        let lies = |event: &&&Sent| event.at >= starts[at] && event.at < end;
        let events: Vec<_> = events.iter().filter(lies).copied().collect();
        assert_eq!(
            metrics_of(row),
            figures(&events),
            "{path} {}",
            row["bucket"]
        );
    }
}

fn by_key<'e>(events: &[&'e Sent], (_, value): Field) -> Vec<(String, Vec<&'e Sent>)> {
    let mut groups: BTreeMap<String, Vec<&Sent>> = BTreeMap::new();
    for event in events {
        groups.entry(value(event)).or_default().push(event);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, events)| std::cmp::Reverse(events.len()));
    groups
}

async fn breakdown(api: &Api, asked: &Asked<'_>, field: Field) {
    let path = format!(
        "/api/v1/metrics/breakdown?{}&metrics={METRICS}&dimension={}",
        asked.query, field.0
    );
    let groups = by_key(&asked.events, field);
    let mut rows = Vec::new();
    let mut next = format!("{path}&limit=7");
    loop {
        let body = api.body(&next).await;
        assert_eq!(body["meta"]["total_events"], asked.events.len(), "{path}");
        rows.extend(body["data"].as_array().unwrap().clone());
        match body["meta"]["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}&limit=7&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(rows.len(), groups.len(), "{path}");
    for (row, (key, events)) in rows.iter().zip(&groups) {
        assert_eq!(row["key"], json!(key), "{path}");
        assert_eq!(metrics_of(row), figures(events), "{path} {key}");
        let share = events.len() as f64 / asked.events.len() as f64;
        assert_eq!(near(&row["share"]), near(&json!(share)), "{path} {key}");
    }
    let found = api
        .data(&format!("{path}&search=1&order=key:desc&limit=1000"))
        .await;
    let found = found
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["key"].as_str().unwrap());
    let mut want: Vec<_> = groups.iter().map(|(key, _)| key.as_str()).collect();
    want.retain(|key| key.contains('1'));
    want.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(found.collect::<Vec<_>>(), want, "{path}");
}

async fn grouped(api: &Api, asked: &Asked<'_>, field: Field) {
    let path = format!(
        "/api/v1/metrics/timeseries?{}&metrics={METRICS}&interval=1d&group_by={}&limit=2",
        asked.query, field.0
    );
    let data = api.data(&path).await;
    let groups = by_key(&asked.events, field);
    let series = data.as_array().unwrap();
    assert_eq!(series.len(), groups.len().min(3), "{path}");
    for (series, (key, events)) in series.iter().zip(&groups).take(2) {
        assert_eq!(
            (&series["key"], &series["rest"]),
            (&json!(key), &json!(false))
        );
        assert_rows(asked, events, series["rows"].as_array().unwrap(), &path);
    }
    if let Some(rest) = series.get(2) {
        assert_eq!((&rest["key"], &rest["rest"]), (&Value::Null, &json!(true)));
        let events: Vec<_> = groups[2..]
            .iter()
            .flat_map(|(_, events)| events)
            .copied()
            .collect();
        assert_rows(asked, &events, rest["rows"].as_array().unwrap(), &path);
    }
}

/// By day and field, and by two fields.
async fn query(api: &Api, asked: &Asked<'_>, field: Field) {
    // As an answer says what it was filtered by.
    let path = format!("/api/v1/metrics/summary?{}&metrics=events", asked.query);
    let filters = match api.body(&path).await["meta"]["filter"].take() {
        Value::Null => json!([]),
        filter => json!([filter]),
    };
    let plan = FIELDS[5];
    let other = if field.0 == plan.0 { FIELDS[0] } else { plan };
    let dimensions = [json!([field.0, other.0]), json!([field.0])];
    for names in dimensions {
        let body = json!({
            "metrics": METRICS.split(',').collect::<Vec<_>>(), "dimensions": names, "filters": filters,
            "date_range": [asked.from.to_rfc3339(), asked.to.to_rfc3339()], "tz": asked.zone,
            "include": {"total_rows": true},
        });
        let answer = post(api, &body).await;
        let mut groups: BTreeMap<Vec<String>, Vec<&Sent>> = BTreeMap::new();
        for event in &asked.events {
            let mut key = vec![field.1(event)];
            if names.as_array().unwrap().len() > 1 {
                key.push(other.1(event));
            }
            groups.entry(key).or_default().push(event);
        }
        assert_eq!(answer["meta"]["total_rows"], groups.len(), "{body}");
        let rows = answer["data"].as_array().unwrap();
        assert_eq!(rows.len(), groups.len(), "{body}");
        for row in rows {
            let key: Vec<String> = serde_json::from_value(row["dimensions"].clone()).unwrap();
            let want = figures(&groups[&key]);
            let got = row["metrics"].as_array().unwrap().iter().map(near);
            let names = METRICS.split(',').map(|name| want[name].clone());
            assert!(got.eq(names), "{body} {key:?} {row}");
        }
        assert!(answer["query"]["order_by"].is_array());
    }
}

pub(crate) async fn post(api: &Api, body: &Value) -> Value {
    let response = api.send(&request(&body.to_string())).await;
    assert_eq!(response.status, 200, "{body}: {}", response.body);
    response.json()
}

pub(crate) fn request(body: &str) -> String {
    format!(
        "POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
