use std::{collections::BTreeMap, time::Duration};

use api::query::{
    database::Database,
    explorer::{self, Question},
    filter::{Field, Filter},
    range::Range,
};
use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use testkit::Services;
use uuid::Uuid;

use crate::{
    rows::{Event, at, encoded, insert, plus},
    support::Api,
};

#[tokio::test]
async fn an_event_is_shown_with_all_its_fields() {
    let api = Api::start().await.ready().await;
    let start = at("2026-03-08T06:59:00Z");
    let full = Event {
        country: Some("DE".into()),
        value_micros: Some(-1_500_000),
        properties: Some(r#"{"plan":{"name":"pro"},"n":1.0}"#.into()),
        ..Event::new(plus(start, 60), "purchase", "u1").in_session("s1", "/a")
    };
    let bare = Event::new(start, "click", "u2");
    insert(&api.db, &[full.clone(), bare.clone()]).await;
    let path =
        "/api/v1/events?from=2026-03-08T00:00:00Z&to=2026-03-09T00:00:00Z&tz=America/New_York";
    let body = api.body(path).await;
    let absent = json!(null);
    let event = |event: &Event, rest: Value| {
        let mut want = json!({
            "event_id": event.id, "event_type": event.kind, "user_id": event.user,
            "session_id": event.session, "page": event.page, "country": event.country,
            "referrer": absent, "device": absent, "browser": absent, "os": absent, "duration_ms": absent,
        });
        want.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        want
    };
    assert_eq!(
        body["data"],
        json!([
            event(
                &full,
                json!({
                    "occurred_at": "2026-03-08T03:00:00-04:00", "accepted_at": "2026-03-08T03:00:01-04:00",
                    "value": "-1.5", "properties": {"plan": {"name": "pro"}, "n": 1.0},
                })
            ),
            event(
                &bare,
                json!({
                    "occurred_at": "2026-03-08T01:59:00-05:00", "accepted_at": "2026-03-08T01:59:01-05:00",
                    "value": absent, "properties": absent,
                })
            ),
        ])
    );
    assert_eq!(
        (&body["meta"]["source"], &body["meta"]["next_cursor"]),
        (&json!("raw"), &absent)
    );
    let filtered = |filter: &str| format!("{path}&filter={}", encoded(filter));
    for (filter, want) in [
        ("event_type:purchase", 1),
        ("user_id:is:u1|u2", 2),
        ("properties.plan.name:pro", 1),
        (r#"["not",["is","country",["DE"]]]"#, 1),
        ("country:", 1),
        ("page:contains:/b", 0),
    ] {
        let data = api.data(&filtered(filter)).await;
        assert_eq!(data.as_array().unwrap().len(), want, "{filter}");
    }
    api.stop().await;
}

/// What is found from page to page, and how often.
async fn walk(
    api: &Api,
    first: &str,
    between: impl AsyncFn(usize),
) -> (BTreeMap<Uuid, usize>, Vec<String>) {
    let (mut seen, mut times) = (BTreeMap::new(), Vec::new());
    let mut path = first.to_owned();
    for page in 0.. {
        let response = api.get(&path).await;
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        let body = response.json();
        for event in body["data"].as_array().unwrap() {
            let id: Uuid = event["event_id"].as_str().unwrap().parse().unwrap();
            *seen.entry(id).or_insert(0) += 1;
            times.push(event["occurred_at"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = body["meta"]["next_cursor"].as_str() else {
            assert!(!response.head.contains("\r\nlink:"), "{}", response.head);
            break;
        };
        path = format!("{first}&cursor={cursor}");
        let link = format!("link: <{path}>; rel=\"next\"").to_lowercase();
        assert!(response.head.contains(&link), "{}", response.head);
        between(page).await;
    }
    (seen, times)
}

#[tokio::test]
async fn pages_hold_each_event_once_while_others_arrive() {
    let api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    // Many of one moment, so that pages end among them.
    let events: Vec<_> = (0..500)
        .map(|n| {
            let kind = if n % 3 == 0 { "a" } else { "b" };
            Event::new(plus(now, -(n / 60) * 3_000 - 5), kind, "u")
        })
        .collect();
    insert(&api.db, &events).await;
    let others = api.services.db().await;
    for (filter, kinds) in [("", &["a", "b"][..]), ("&filter=event_type:a", &["a"][..])] {
        let first = format!("/api/v1/events?from=now-1d&limit=37{filter}");
        let arrive = async |page: usize| {
            let late = i64::try_from(page).unwrap() * 500;
            insert(
                &others,
                &[
                    Event::new(UnixMicros::now(), "a", "new"),
                    Event::new(plus(now, -late), "a", "late"),
                ],
            )
            .await;
        };
        let (seen, times) = walk(&api, &first, arrive).await;
        assert!(seen.values().all(|times| *times == 1), "{seen:?}");
        let asked = events
            .iter()
            .filter(|event| kinds.contains(&event.kind.as_str()));
        let missing = asked.filter(|event| !seen.contains_key(&event.id)).count();
        assert_eq!(missing, 0, "{filter}");
        let times: Vec<_> = times.iter().map(|time| at(time)).collect();
        assert!(times.is_sorted_by(|a, b| a >= b));
    }
    api.stop().await;
}

#[tokio::test]
async fn a_rare_event_is_found_far_back() {
    let api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let old = Event::new(plus(now, -300 * 86_400), "rare", "u");
    insert(&api.db, &[old.clone(), Event::new(now, "usual", "u")]).await;
    let body = api
        .body("/api/v1/events?from=now-365d&filter=event_type:rare")
        .await;
    assert_eq!(body["data"][0]["event_id"], json!(old.id));
    assert_eq!(body["data"].as_array().unwrap().len(), 1);
    api.stop().await;
}

/// A search without any time looks at one step for each page, and goes on from there.
#[tokio::test]
async fn a_search_goes_on_where_its_time_was_over() {
    let services = Services::start().await;
    let end = at("2026-03-08T01:00:00Z");
    // On the minute, where steps begin and end.
    let kinds = ["rare", "usual", "usual"].into_iter().cycle();
    let events = (0..60)
        .zip(kinds)
        .map(|(minute, kind)| Event::new(plus(end, -minute * 60), kind, "u"));
    let events: Vec<_> = events.collect();
    insert(&services.db().await, &events).await;
    let timeout = Duration::from_secs(5);
    let pool = common::clients::postgres::pool(&services.postgres, "test", timeout).unwrap();
    let snapshot = Database::new(pool, 1, timeout, timeout, 0)
        .snapshot()
        .await
        .unwrap();
    let field = Field::parse("event_type").unwrap();
    let filter = Filter::is(field, "rare").unwrap();
    let (mut found, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let question = Question {
            range: Range {
                from: plus(end, -3_600),
                to: plus(end, 1),
            },
            after,
            filter: &filter,
            limit: 3,
            zone: &TimeZone::UTC,
            patience: Duration::ZERO,
        };
        let page = explorer::page(&snapshot, &question).await.unwrap();
        pages += 1;
        assert_eq!(page.searched_from.is_some(), page.next.is_some());
        found.extend(page.events.into_iter().map(|full| full.event.event_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let rare = events.iter().filter(|event| event.kind == "rare");
    assert_eq!(found, rare.map(|event| event.id).collect::<Vec<_>>());
    assert!(pages > 50, "{pages}");
    snapshot.finish().await.unwrap();
}

/// Path, code, parameter; CURSOR is one of the last day's events.
const WRONG: &[(&str, &str, &str)] = &[
    ("events?limit=1001", "invalid_parameter", "limit"),
    ("events?cursor=nonsense", "invalid_cursor", "cursor"),
    (
        "events?filter=country:DE&cursor=CURSOR",
        "invalid_cursor",
        "cursor",
    ),
    ("sessions?cursor=CURSOR", "invalid_cursor", "cursor"),
    (
        "events?from=now-2h&cursor=CURSOR",
        "invalid_cursor",
        "cursor",
    ),
    ("events?filter=planet:earth", "invalid_filter", "filter"),
    ("events/export?format=xml", "invalid_parameter", "format"),
    (
        "events/export?columns=page,planet",
        "invalid_parameter",
        "columns",
    ),
    (
        "events/export?columns=page,page",
        "invalid_parameter",
        "columns",
    ),
    ("events/export?limit=5", "unknown_parameter", "limit"),
    ("funnel", "invalid_parameter", "steps"),
    ("funnel?steps=%5B%5D", "invalid_parameter", "steps"),
    ("retention?period=year", "invalid_parameter", "period"),
    ("retention?periods=101", "invalid_parameter", "periods"),
    (
        "retention?period=day&from=now-600d",
        "too_many_buckets",
        "period",
    ),
    (
        "retention?return_filter=x",
        "invalid_filter",
        "return_filter",
    ),
    (
        "retention?filter=page:matches:a|b|c|d|e|f|g|h|i|j|k&return_filter=os:matches:a|b|c|d|e|f|g|h|i|j",
        "invalid_filter",
        "return_filter",
    ),
    ("metadata?x=1", "unknown_parameter", "x"),
];

#[tokio::test]
async fn what_is_wrong_with_a_list_is_named() {
    let api = Api::start().await.ready().await;
    let event = || Event::new(UnixMicros::now(), "a", "u");
    insert(&api.db, &[event(), event()]).await;
    let body = api.body("/api/v1/events?limit=1").await;
    let cursor = body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    for (path, code, parameter) in WRONG {
        let path = path.replace("CURSOR", &cursor);
        let response = api.get(&format!("/api/v1/{path}")).await;
        let problem = response.json();
        assert_eq!(
            (response.status, &problem["code"], &problem["parameter"]),
            (422, &json!(code), &json!(parameter)),
            "{path}: {}",
            response.body
        );
    }
    let same = api
        .body(&format!("/api/v1/events?limit=1&cursor={cursor}"))
        .await;
    assert_eq!(same["data"].as_array().unwrap().len(), 1);
    api.stop().await;
}
