//! `/api/v1/metrics/*` and `/api/v1/query`.

use serde_json::{Map, Value, json};

use super::{
    operation::{OF_QUERIES, Operation},
    parameters::{COMPARISONS, METRICS, field},
    schema::{
        and_maybe, array, component, count, described, moment, nullable, number, object, one_of,
        ratio, text, truth,
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
        .refuses(&[400, 413, 415]);
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
    let mut all = rows();
    all.extend(asked());
    all.extend(told());
    all.into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

/// Every metric, none of them required: an answer holds those that were asked for.
fn metrics(of_count: impl Fn(Value) -> Value) -> Value {
    let describe = |name: &str| match name {
        "events" => described(of_count(count()), "Events."),
        "users" => described(
            of_count(count()),
            "Different users; never more than events.",
        ),
        "sessions" => described(
            of_count(count()),
            "Different sessions; never more than events.",
        ),
        "value" => described(of_count(decimal()), "Sum of the events' values, exact."),
        "events_per_session" => described(nullable(number()), "Null without sessions."),
        "bounce_rate" => described(
            nullable(ratio()),
            "Sessions of exactly one event ÷ sessions; null without sessions.",
        ),
        _ => described(nullable(number()), "Milliseconds; null without durations."),
    };
    let properties: Map<_, _> = METRICS
        .iter()
        .map(|name| ((*name).to_owned(), describe(name)))
        .collect();
    json!({"type": "object", "properties": properties})
}

fn decimal() -> Value {
    json!({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$"})
}

/// A row that has `members` besides metrics.
fn with_metrics<const N: usize>(members: [(&str, Value); N], metrics: Value) -> Value {
    let mut row = object(members);
    if let (Some(row), Value::Object(metrics)) = (row["properties"].as_object_mut(), metrics) {
        for (name, schema) in metrics
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            row.insert(name.clone(), schema.clone());
        }
    }
    row
}

fn rows() -> Vec<(&'static str, Value)> {
    let plain = || metrics(|schema| schema);
    let hidden = || metrics(nullable);
    let comparison = with_metrics(
        [
            ("from", moment()),
            ("to", moment()),
            ("change", component("Change")),
        ],
        plain(),
    );
    let change: Map<_, _> = METRICS
        .iter()
        .map(|name| ((*name).to_owned(), nullable(number())))
        .collect();
    let minute = object([
        ("bucket", moment()),
        ("events", count()),
        ("users", count()),
    ]);
    let counts = object([("events", count()), ("users", count())]);
    let row = [
        ("bucket", moment()),
        (
            "partial",
            described(
                truth(),
                "The bucket isn't wholly within the range, or runs still.",
            ),
        ),
    ];
    vec![
        (
            "Change",
            described(
                json!({"type": "object", "properties": change}),
                "By metric: how much larger, as a ratio, than in the other range; null where that had nothing.",
            ),
        ),
        ("Comparison", comparison),
        (
            "Summary",
            and_maybe(plain(), [("comparison", component("Comparison"))]),
        ),
        (
            "ComparisonRow",
            with_metrics([("bucket", moment())], hidden()),
        ),
        (
            "TimeseriesRow",
            and_maybe(
                with_metrics(row, hidden()),
                [("comparison", component("ComparisonRow"))],
            ),
        ),
        (
            "TimeseriesGroup",
            object([
                (
                    "key",
                    described(nullable(text()), "The value; null for the rest."),
                ),
                ("rest", truth()),
                ("rows", array(component("TimeseriesRow"))),
            ]),
        ),
        ("BreakdownComparison", with_metrics([], plain())),
        (
            "BreakdownRow",
            and_maybe(
                with_metrics(
                    [
                        ("key", text()),
                        ("share", described(ratio(), "Events ÷ meta.total_events.")),
                    ],
                    plain(),
                ),
                [("comparison", component("BreakdownComparison"))],
            ),
        ),
        ("RealtimeCounts", counts),
        ("RealtimeMinute", minute),
        (
            "RealtimeSecond",
            object([("bucket", moment()), ("events", count())]),
        ),
        (
            "Realtime",
            object([
                ("last_5_minutes", component("RealtimeCounts")),
                ("last_30_minutes", component("RealtimeCounts")),
                ("events_per_second", number()),
                ("minutes", array(component("RealtimeMinute"))),
                ("seconds", array(component("RealtimeSecond"))),
            ]),
        ),
        (
            "QueryRow",
            object([
                ("dimensions", array(json!({"type": ["string", "null"]}))),
                (
                    "metrics",
                    described(
                        array(json!({"type": ["number", "string", "null"]})),
                        "In the order asked for.",
                    ),
                ),
            ]),
        ),
    ]
}

fn asked() -> Vec<(&'static str, Value)> {
    let operators = one_of(&["is", "is_not", "contains", "matches", "in"]);
    let values = json!({"type": "array", "items": {"type": "string", "maxLength": 2048}, "minItems": 1, "maxItems": 100});
    let tuple = |items: Vec<Value>| {
        let length = items.len();
        json!({"type": "array", "prefixItems": items, "minItems": length, "maxItems": length})
    };
    let all = || json!({"type": "array", "items": component("Filter"), "minItems": 1});
    let dimension = json!({"anyOf": [
        field(),
        {"type": "string", "pattern": "^time(:(1m|5m|15m|1h|1d|1w|1M))?$"},
    ]});
    let order = tuple(vec![text(), one_of(&["asc", "desc"])]);
    let span = one_of(&[
        "15m", "1h", "24h", "7d", "30d", "365d", "day", "week", "month", "year",
    ]);
    let pagination = and_maybe(
        object([]),
        [
            (
                "limit",
                json!({"type": "integer", "minimum": 1, "maximum": 10_000}),
            ),
            ("offset", json!({"type": "integer", "minimum": 0})),
        ],
    );
    let query = and_maybe(
        object([(
            "metrics",
            json!({"type": "array", "items": one_of(&METRICS), "minItems": 1}),
        )]),
        [
            (
                "dimensions",
                json!({"type": "array", "items": dimension, "maxItems": 2}),
            ),
            (
                "filters",
                json!({"type": "array", "items": component("Filter")}),
            ),
            (
                "date_range",
                json!({"anyOf": [span, tuple(vec![text(), text()])]}),
            ),
            ("tz", text()),
            ("compare", nullable(one_of(&COMPARISONS))),
            ("order_by", array(order)),
            ("pagination", pagination),
            ("include", and_maybe(object([]), [("total_rows", truth())])),
        ],
    );
    vec![
        ("FilterTest", tuple(vec![operators, field(), values])),
        ("FilterGroup", tuple(vec![one_of(&["and", "or"]), all()])),
        (
            "FilterNot",
            tuple(vec![one_of(&["not"]), component("Filter")]),
        ),
        (
            "Filter",
            json!({
                "anyOf": [component("FilterTest"), component("FilterGroup"), component("FilterNot")],
                "description": "A test of a field, or of other filters. At most 8 levels, 64 tests, and 256 bytes of a \
                    regular expression. Several values: any of them; is_not: none of them. An absent field is \"\".",
            }),
        ),
        ("Query", query),
    ]
}

fn told() -> Vec<(&'static str, Value)> {
    let of_range = || {
        and_maybe(
            object([
                (
                    "watermark",
                    described(
                        nullable(moment()),
                        "Every event accepted before this is counted; null until Redis has answered.",
                    ),
                ),
                ("generated_at", moment()),
                ("from", moment()),
                ("to", moment()),
                ("tz", text()),
                ("source", component("Source")),
                ("estimates", component("Estimates")),
            ]),
            [
                ("filter", component("FilterEcho")),
                (
                    "other_events",
                    described(
                        count(),
                        "Events under `(other)`: values beyond those counted by name.",
                    ),
                ),
                (
                    "lower_bounds",
                    described(
                        truth(),
                        "Whether a value may have had more events than are shown.",
                    ),
                ),
            ],
        )
    };
    let mut realtime = of_range();
    realtime["required"] = json!(["watermark", "generated_at", "tz", "source", "estimates"]);
    vec![
        (
            "Source",
            described(
                one_of(&["rollup", "rollup+raw", "raw"]),
                "What the answer was read from.",
            ),
        ),
        (
            "Estimates",
            json!({
                "type": "object",
                "description": "Metrics that are estimates in this answer, and their standard error.",
                "additionalProperties": object([("relative_error", number())]),
            }),
        ),
        (
            "FilterEcho",
            json!({"description": "The filter as it was understood."}),
        ),
        ("MetricsMeta", of_range()),
        (
            "TimeseriesMeta",
            and_maybe(of_range(), [("interval", text()), ("group_by", text())]),
        ),
        (
            "BreakdownMeta",
            and_maybe(
                of_range(),
                [
                    ("dimension", text()),
                    ("limit", count()),
                    ("total_events", count()),
                    ("next_cursor", nullable(text())),
                ],
            ),
        ),
        ("RealtimeMeta", realtime),
        (
            "QueryMeta",
            and_maybe(of_range(), [("total_rows", count())]),
        ),
    ]
}
