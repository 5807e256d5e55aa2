//! `/api/v1/metrics/*` and `/api/v1/query`.

use serde_json::{Map, Value, json};

use super::{
    operation::{OF_QUERIES, Operation},
    parameters::metric_names,
    schema::{
        and_maybe, array, component, components, count, described, moment, nullable, number,
        object, ratio, text, truth,
    },
};

pub(super) fn operations() -> Vec<Operation> {
    let get = |name: &str, path, summary: &str| Operation::get(path, name, summary).tag("metrics");
    let series =
        json!({"anyOf": [array(component("TimeseriesRow")), array(component("TimeseriesGroup"))]});
    let post = Operation::post("/api/v1/query", "query", "Any metrics by up to two dimensions")
        .tag("metrics")
        .says("Answered from rollups where they can, else from the events themselves; `meta.source` says so.")
        .body("Query", example())
        .answers_now(&array(component("QueryRow")), "QueryMeta")
        .echoes("query", described(json!({"type": "object"}), "The query as it was understood, moments resolved."))
        .refuses(OF_QUERIES)
        .refuses(&[400, 408, 413]);
    vec![
        get("summary", "/api/v1/metrics/summary", "Metrics of a whole range")
            .asks(&["from", "to", "tz", "filter", "metrics", "compare"])
            .answers(&component("Summary"), "MetricsMeta")
            .refuses(OF_QUERIES),
        get("timeseries", "/api/v1/metrics/timeseries", "Metrics by buckets of time")
            .says("Buckets begin at midnight, on Mondays (ISO weeks) and on the first of a month of the time zone. \
                With `group_by` there is one series for each value.")
            .asks(&["from", "to", "tz", "filter", "series_metrics", "interval", "fill", "compare", "group_by", "groups"])
            .answers(&series, "TimeseriesMeta")
            .refuses(OF_QUERIES),
        get("breakdown", "/api/v1/metrics/breakdown", "Metrics by the values of a field")
            .asks(&["dimension", "from", "to", "tz", "filter", "series_metrics", "order", "rows", "cursor", "compare", "search"])
            .answers(&array(component("BreakdownRow")), "BreakdownMeta")
            .pages()
            .refuses(OF_QUERIES),
        get("realtime", "/api/v1/metrics/realtime", "The last 5 and 30 minutes")
            .asks(&["tz", "filter"])
            .answers(&component("Realtime"), "RealtimeMeta")
            .refuses(OF_QUERIES),
        post,
    ]
}

fn example() -> Value {
    json!({
        "metrics": ["events", "users"],
        "dimensions": ["page"],
        "filters": [["is", "country", ["DE", "AT"]]],
        "date_range": "24h",
        "order_by": [["events", "desc"]],
        "pagination": {"limit": 10},
    })
}

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = components(of_ranges());
    all.append(&mut components(of_rows()));
    all.append(&mut components(realtime()));
    all
}

/// Every metric, none of them required: an answer holds those that were asked for.
fn metrics(of_count: impl Fn(Value) -> Value) -> Value {
    let decimal = || json!({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$"});
    let describe = |name: &str| match name {
        "events" => described(of_count(count()), "Events."),
        "users" | "sessions" => {
            described(of_count(count()), "Different ones; never more than events.")
        }
        "value" => described(of_count(decimal()), "Sum of the events' values, exact."),
        "events_per_session" => described(nullable(number()), "Null without sessions."),
        "bounce_rate" => described(
            nullable(ratio()),
            "Sessions of exactly one event ÷ sessions; null without.",
        ),
        _ => described(nullable(number()), "Milliseconds; null without durations."),
    };
    let named = metric_names().map(|name| (name.to_owned(), describe(name)));
    Value::Object(named.into_iter().collect())
}

fn plain() -> Value {
    metrics(|schema| schema)
}

/// Where `fill=null` hides what is zero.
fn hidden() -> Value {
    metrics(nullable)
}

fn of_ranges() -> Value {
    let change: Map<_, _> = metric_names()
        .map(|name| (name.to_owned(), nullable(number())))
        .into_iter()
        .collect();
    let change = and_maybe(object(json!({})), change.into());
    let compared = object(json!({"from": moment(), "to": moment(), "change": component("Change")}));
    json!({
        "Change": described(change, "By metric: by which part of the other range's it is larger; null from nothing."),
        "Comparison": and_maybe(compared, plain()),
        "Summary": and_maybe(and_maybe(object(json!({})), plain()), json!({"comparison": component("Comparison")})),
    })
}

fn of_rows() -> Value {
    let partial = described(
        truth(),
        "The bucket isn't wholly within the range, or runs still.",
    );
    let row = and_maybe(
        object(json!({"bucket": moment(), "partial": partial})),
        hidden(),
    );
    let share = described(ratio(), "Events ÷ meta.total_events.");
    let value = and_maybe(object(json!({"key": text(), "share": share})), plain());
    let group = object(json!({
        "key": described(nullable(text()), "The value; null for the rest."),
        "rest": truth(),
        "rows": array(component("TimeseriesRow")),
    }));
    let values = || array(json!({"type": ["number", "string", "null"]}));
    let compared = object(json!({"metrics": nullable(values())}));
    let queried = object(json!({
        "dimensions": array(text()),
        "metrics": described(values(), "In the order asked for."),
    }));
    json!({
        "ComparisonRow": and_maybe(object(json!({"bucket": moment()})), hidden()),
        "TimeseriesRow": and_maybe(row, json!({"comparison": nullable(component("ComparisonRow"))})),
        "TimeseriesGroup": group,
        "BreakdownComparison": and_maybe(object(json!({})), plain()),
        "BreakdownRow": and_maybe(value, json!({"comparison": component("BreakdownComparison")})),
        "QueryComparison": compared,
        "QueryRow": and_maybe(queried, json!({"comparison": component("QueryComparison")})),
    })
}

fn realtime() -> Value {
    json!({
        "RealtimeCounts": object(json!({"events": count(), "users": count()})),
        "RealtimeMinute": object(json!({"bucket": moment(), "events": count(), "users": count()})),
        "RealtimeSecond": object(json!({"bucket": moment(), "events": count()})),
        "Realtime": object(json!({
            "last_5_minutes": component("RealtimeCounts"),
            "last_30_minutes": component("RealtimeCounts"),
            "events_per_second": number(),
            "minutes": array(component("RealtimeMinute")),
            "seconds": described(nullable(array(component("RealtimeSecond"))),
                "The last 60 full seconds; null where so much arrives that only minutes are counted: `meta.omitted` says so."),
        })),
    })
}
