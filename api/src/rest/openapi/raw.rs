//! What is read from the events themselves.

use serde_json::{Map, Value, json};

use super::{
    operation::{OF_QUERIES, Operation},
    parameters::field,
    schema::{
        and_maybe, array, component, count, described, moment, nullable, number, object, one_of,
        ratio, text, truth,
    },
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = of_events();
    all.extend(of_users());
    all
}

fn of_events() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/events", "events", "Single events, newest first")
            .tag("events")
            .asks(&["from", "to", "tz", "filter", "events_limit", "cursor"])
            .answers(&array(component("Event")), "PageMeta")
            .pages()
            .refuses(OF_QUERIES),
        Operation::get(
            "/api/v1/events/export",
            "exportEvents",
            "All events of a range as a file",
        )
        .tag("events")
        .says("Streamed, whatever its size; compressed where `Accept-Encoding` has gzip.")
        .asks(&["from", "to", "filter", "format", "columns"])
        .gives(200, "The file.", "text/csv", text())
        .gives(200, "The file.", "application/x-ndjson", text())
        .refuses(OF_QUERIES),
        Operation::get("/api/v1/sessions", "sessions", "Sessions, newest first")
            .tag("events")
            .asks(&["from", "to", "tz", "filter", "events_limit", "cursor"])
            .answers(&array(component("Session")), "PageMeta")
            .pages()
            .refuses(OF_QUERIES),
        Operation::get(
            "/api/v1/sessions/{session_id}",
            "session",
            "One session and its events, oldest first",
        )
        .tag("events")
        .asks(&["session_id", "from", "to", "tz"])
        .answers(&component("SessionPath"), "PageMeta")
        .refuses(OF_QUERIES)
        .refuses(&[404]),
    ]
}

fn of_users() -> Vec<Operation> {
    let steps = json!({
        "steps": [
            {"name": "visit", "filter": ["is", "event_type", ["page_view"]]},
            {"name": "purchase", "filter": ["is", "event_type", ["purchase"]]},
        ],
        "window": "1d",
    });
    vec![
        Operation::get(
            "/api/v1/funnel",
            "funnel",
            "How many users take each of several steps in order",
        )
        .tag("users")
        .asks(&["steps", "window", "from", "to", "tz", "filter", "by"])
        .answers(&component("Funnel"), "RawMeta")
        .refuses(OF_QUERIES),
        Operation::post(
            "/api/v1/funnel",
            "postFunnel",
            "The same with the steps in a body",
        )
        .tag("users")
        .body("FunnelQuery", steps)
        .answers_now(&component("Funnel"), "RawMeta")
        .refuses(OF_QUERIES)
        .refuses(&[400, 413, 415]),
        Operation::get(
            "/api/v1/retention",
            "retention",
            "How many users of each cohort come back",
        )
        .tag("users")
        .asks(&[
            "period",
            "periods",
            "from",
            "to",
            "tz",
            "filter",
            "return_filter",
        ])
        .answers(&component("Retention"), "RawMeta")
        .refuses(OF_QUERIES),
        Operation::get("/api/v1/metadata", "metadata", "What can be asked for")
            .tag("metadata")
            .answers(&component("Metadata"), "StateMeta")
            .refuses(OF_QUERIES),
    ]
}

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = events();
    all.extend(users());
    all.extend(metadata());
    all.into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn events() -> Vec<(&'static str, Value)> {
    let session = || {
        [
            ("session_id", text()),
            ("user_id", text()),
            ("started_at", moment()),
            ("ended_at", moment()),
            ("duration_seconds", number()),
            ("events", count()),
            ("entry_page", nullable(text())),
            ("exit_page", nullable(text())),
            ("value", text()),
            ("country", nullable(text())),
            ("device", nullable(text())),
            ("browser", nullable(text())),
        ]
    };
    let mut path = object(session());
    path["properties"]["events"] = array(component("Event"));
    vec![
        (
            "Event",
            object([
                ("event_id", json!({"type": "string", "format": "uuid"})),
                ("event_type", text()),
                ("occurred_at", moment()),
                ("accepted_at", moment()),
                ("user_id", text()),
                ("session_id", nullable(text())),
                ("page", nullable(text())),
                ("referrer", nullable(text())),
                ("country", nullable(text())),
                ("device", nullable(text())),
                ("browser", nullable(text())),
                ("os", nullable(text())),
                (
                    "value",
                    described(nullable(text()), "A decimal number, exact."),
                ),
                ("duration_ms", nullable(json!({"type": "integer"}))),
                ("properties", nullable(json!({"type": "object"}))),
            ]),
        ),
        ("Session", object(session())),
        ("SessionPath", path),
        ("RawMeta", raw_meta()),
        (
            "PageMeta",
            and_maybe(
                raw_meta(),
                [
                    ("limit", count()),
                    (
                        "next_cursor",
                        described(
                            nullable(text()),
                            "For the next page; null where there is none.",
                        ),
                    ),
                ],
            ),
        ),
        (
            "StateMeta",
            object([
                ("watermark", nullable(moment())),
                ("generated_at", moment()),
                ("source", text()),
            ]),
        ),
    ]
}

fn raw_meta() -> Value {
    and_maybe(
        object([
            ("watermark", nullable(moment())),
            ("generated_at", moment()),
            ("from", moment()),
            ("to", moment()),
            ("tz", text()),
            ("source", component("Source")),
        ]),
        [("filter", component("FilterEcho"))],
    )
}

fn users() -> Vec<(&'static str, Value)> {
    let step = object([
        ("name", text()),
        ("users", count()),
        (
            "conversion",
            described(nullable(ratio()), "Of the users of the first step."),
        ),
        (
            "step_conversion",
            described(nullable(ratio()), "Of the users of the step before."),
        ),
        (
            "drop_off",
            described(
                count(),
                "Users of the step before who didn't take this one.",
            ),
        ),
        ("median_seconds_from_previous", nullable(number())),
    ]);
    let asked_step = and_maybe(
        object([("filter", component("Filter"))]),
        [("name", json!({"type": "string", "maxLength": 256}))],
    );
    vec![
        ("FunnelStep", step),
        (
            "FunnelGroup",
            object([("key", text()), ("steps", array(component("FunnelStep")))]),
        ),
        (
            "Funnel",
            and_maybe(
                object([("steps", array(component("FunnelStep")))]),
                [("groups", array(component("FunnelGroup")))],
            ),
        ),
        (
            "FunnelQuery",
            and_maybe(
                object([(
                    "steps",
                    json!({"type": "array", "items": asked_step, "minItems": 2, "maxItems": 10}),
                )]),
                [
                    (
                        "window",
                        json!({"type": "string", "pattern": "^[0-9]+[smhdw]$"}),
                    ),
                    ("from", text()),
                    ("to", text()),
                    ("tz", text()),
                    ("filters", array(component("Filter"))),
                    ("by", field()),
                    ("order", one_of(&["strict", "after"])),
                ],
            ),
        ),
        (
            "Returned",
            object([("period", count()), ("users", count()), ("rate", ratio())]),
        ),
        (
            "Cohort",
            object([
                ("start", moment()),
                ("size", count()),
                ("returned", array(component("Returned"))),
            ]),
        ),
        (
            "Retention",
            object([
                ("period", one_of(&["day", "week", "month"])),
                ("cohorts", array(component("Cohort"))),
            ]),
        ),
    ]
}

fn metadata() -> Vec<(&'static str, Value)> {
    let dimension = and_maybe(
        object([("name", text())]),
        [("values", nullable(count())), ("top", array(text()))],
    );
    vec![(
        "Metadata",
        json!({
            "type": "object",
            "properties": {
                "event_types": array(object([("name", text()), ("events", count())])),
                "dimensions": array(dimension),
                "metrics": array(text()),
                "intervals": array(text()),
                "data": object([("from", nullable(moment())), ("to", nullable(moment())), ("events", count())]),
                "retention": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
                "limits": {"type": "object", "additionalProperties": true},
                "partial": truth(),
            },
        }),
    )]
}
