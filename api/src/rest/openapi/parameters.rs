//! The parameters of all routes, by name.

use common::rollup::Dimension;
use serde_json::{Map, Value, json};

use super::schema::{component, one_of, text};
use crate::{
    query::{compare::Compare, interval::Interval, metric::Metric},
    rest::{list, retention},
};

pub(super) fn metric_names() -> [&'static str; Metric::COUNT] {
    Metric::ALL.map(Metric::as_str)
}

fn intervals() -> Vec<&'static str> {
    let named = Interval::ALL.map(Interval::as_str);
    std::iter::once("auto").chain(named).collect()
}

/// RFC 3339 with an offset, unix seconds, or a distance from the running minute's end.
const MOMENT: &str =
    r"^(now(-[0-9]+[smhdw])?|[0-9]+(\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+)$";

pub(super) fn rollup_dimensions() -> Vec<&'static str> {
    Dimension::ALL[1..]
        .iter()
        .map(|dimension| dimension.as_str())
        .collect()
}

/// A field that events are told apart by.
pub(super) fn field() -> Value {
    let names = [&*rollup_dimensions(), &["user_id", "session_id"]].concat();
    json!({
        "type": "string",
        "maxLength": 256,
        "pattern": format!(r"^({}|properties\..+)$", names.join("|")),
        "description": "A field of events: event_type, page, referrer, country, device, browser, os, user_id, \
            session_id, or properties.<path>, whose dots lead into nested objects.",
    })
}

/// A length of time.
pub(super) fn window() -> Value {
    json!({"type": "string", "pattern": "^[0-9]+[smhdw]$"})
}

pub(super) fn all() -> Map<String, Value> {
    let range = [
        query(
            "from",
            "Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or \
            now-<number><s|m|h|d|w>. `now` is the end of the running minute.",
            moment("now-24h"),
        ),
        query(
            "to",
            "End of the range, excluded; written as `from`.",
            moment("now"),
        ),
        query(
            "tz",
            "IANA name of the time zone in which days, weeks and months begin and moments are written.",
            json!({"type": "string", "minLength": 1, "maxLength": 64, "default": "UTC"}),
        ),
        filter("filter", "Which events count."),
        query(
            "compare",
            "A second range to compare with: as long as the first and right before it, or a year \
            earlier.",
            one_of(&Compare::NAMES),
        ),
    ];
    range
        .into_iter()
        .chain(of_metrics())
        .chain(of_lists())
        .chain(of_others())
        .collect()
}

fn of_metrics() -> Vec<(String, Value)> {
    vec![
        list(
            "metrics",
            "Metrics to answer with, comma-separated; all where absent.",
            &metric_names(),
        ),
        (
            "series_metrics".into(),
            list(
                "metrics",
                "Metrics to answer with, comma-separated; events, users, sessions and value where \
                absent.",
                &metric_names(),
            )
            .1,
        ),
        query(
            "interval",
            "Length of a bucket; `auto` takes one that makes a readable chart. At most 10,000 buckets.",
            with_default(one_of(&intervals()), "auto".into()),
        ),
        query(
            "fill",
            "What stands in a bucket without events: zeros, nulls, or no row at all.",
            with_default(one_of(&["zero", "null", "none"]), "zero".into()),
        ),
        query(
            "group_by",
            "One series for each of the largest values of this field, and one for the rest.",
            field(),
        ),
        named(
            "groups",
            "limit",
            "Series to show besides the rest.",
            number(1, 50, 5),
        ),
        (
            "dimension".into(),
            json!({"name": "dimension", "in": "query", "required": true, "schema": field(),
                "description": "The field to break down by."}),
        ),
        query(
            "order",
            "Column and direction; the key breaks ties.",
            json!({
                "type": "string",
                "default": "events:desc",
                "pattern": format!("^({}|key)(:(asc|desc))?$", metric_names().join("|")),
            }),
        ),
        named("rows", "limit", "Rows of a page.", number(1, 1_000, 10)),
        query(
            "search",
            "Only keys that hold this text.",
            json!({"type": "string", "maxLength": 256}),
        ),
    ]
}

fn of_lists() -> Vec<(String, Value)> {
    vec![
        query(
            "cursor",
            "Where the next page begins: `meta.next_cursor` of the page before.",
            json!({"type": "string", "minLength": 1, "maxLength": 1_024}),
        ),
        named(
            "events_limit",
            "limit",
            "Events of a page, newest first.",
            number(1, list::MOST, 50),
        ),
        named(
            "letters_limit",
            "limit",
            "Dead letters to show, newest first.",
            number(1, 1_000, 50),
        ),
        query(
            "format",
            "CSV with a header line, or one JSON object a line.",
            with_default(one_of(&["csv", "ndjson"]), "csv".into()),
        ),
        query(
            "columns",
            "Columns to write, comma-separated; all where absent.",
            json!({"type": "string", "minLength": 1}),
        ),
        (
            "session_id".into(),
            json!({"name": "session_id", "in": "path", "required": true,
                "schema": {"type": "string", "minLength": 1, "maxLength": 256}}),
        ),
    ]
}

fn of_others() -> Vec<(String, Value)> {
    vec![
        (
            "steps".into(),
            json!({"name": "steps", "in": "query", "required": true,
                "description": "JSON: steps as in the body of POST.",
                "content": {"application/json": {"schema": component("FunnelSteps")}}}),
        ),
        query(
            "window",
            "How long after the first step the last one may come: a number and s, m, h, d or w.",
            with_default(window(), "1d".into()),
        ),
        query("by", "A field to group users by.", field()),
        query(
            "period",
            "Length of a cohort's periods.",
            with_default(one_of(&["day", "week", "month"]), "week".into()),
        ),
        query(
            "periods",
            "Periods after the first to look at.",
            number(1, retention::MOST_PERIODS, 8),
        ),
        filter(
            "return_filter",
            "Which events count as a return; as `filter`.",
        ),
        query(
            "raw",
            "Count raw rows and every minute too, which takes a while.",
            json!({"type": "boolean", "default": false}),
        ),
        (
            "topic".into(),
            json!({"name": "topic", "in": "query", "required": true,
                "schema": one_of(&["metrics", "breakdown", "realtime", "events", "pipeline"])}),
        ),
        query(
            "params",
            "JSON: parameters of the topic, as in a socket's `subscribe`.",
            text(),
        ),
        (
            "If-None-Match".into(),
            json!({"name": "If-None-Match", "in": "header", "schema": text(),
                "description": "Tag of an answer that the client holds."}),
        ),
    ]
}

fn query(name: &str, description: &str, schema: Value) -> (String, Value) {
    named(name, name, description, schema)
}

/// A component whose name isn't that of the parameter.
fn named(component: &str, name: &str, description: &str, schema: Value) -> (String, Value) {
    let parameter =
        json!({"name": name, "in": "query", "description": description, "schema": schema});
    (component.to_owned(), parameter)
}

fn list(name: &str, description: &str, names: &[&str]) -> (String, Value) {
    let schema = json!({"type": "array", "minItems": 1, "items": one_of(names)});
    let (component, mut parameter) = query(name, description, schema);
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    (component, parameter)
}

/// Repeatable: all of them must hold.
fn filter(name: &str, what: &str) -> (String, Value) {
    let description = format!(
        "{what} Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in \
         (`\\|` and `\\\\` escape), or a JSON tree as in POST /api/v1/query."
    );
    let schema = json!({"type": "array", "items": {"type": "string", "minLength": 1}});
    query(name, &description, schema)
}

fn moment(default: &str) -> Value {
    json!({"type": "string", "pattern": MOMENT, "default": default})
}

fn number(least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default})
}

fn with_default(mut schema: Value, default: Value) -> Value {
    schema["default"] = default;
    schema
}
