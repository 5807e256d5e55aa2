//! Routes that read the raw events.

use serde_json::{Map, Value, json};

use super::{
    operation::{OF_QUERIES, Operation},
    parameters::{field, window},
    schema::{
        and, and_maybe, array, component, components, count, described, moment, nullable, number,
        object, of_type, one_of, ratio, text, truth,
    },
};
use crate::query::{events::EventRow, sessions::Session};

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
        .tells(&["RequestId", "Watermark"])
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
        .answers(&component("SessionPath"), "PathMeta")
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
        .answers(&component("Funnel"), "FunnelMeta")
        .refuses(OF_QUERIES),
        Operation::post(
            "/api/v1/funnel",
            "postFunnel",
            "The same with the steps in a body",
        )
        .tag("users")
        .body("FunnelQuery", steps)
        .answers(&component("Funnel"), "FunnelMeta")
        .refuses(OF_QUERIES)
        .refuses(&[400, 408, 413]),
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
        .answers(&component("Retention"), "RetentionMeta")
        .refuses(OF_QUERIES),
        Operation::get("/api/v1/metadata", "metadata", "What can be asked for")
            .tag("metadata")
            .answers(&component("Metadata"), "MetricsMeta")
            .refuses(OF_QUERIES),
    ]
}

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = components(events());
    all.append(&mut components(funnels()));
    all.append(&mut components(cohorts()));
    all.append(&mut components(metadata()));
    all
}

fn events() -> Value {
    let properties = described(
        nullable(json!({"type": "object"})),
        "Whatever the event brought besides.",
    );
    let event = and(of_type::<EventRow>(), json!({"properties": properties}));
    let session = of_type::<Session>();
    let count = described(count(), "All of its events; at most 1,000 are shown.");
    let mut path = and(session.clone(), json!({"event_count": count}));
    path["properties"]["events"] = array(component("Event"));
    json!({"Event": event, "Session": session, "SessionPath": path})
}

fn funnels() -> Value {
    let step = object(json!({
        "name": text(),
        "users": count(),
        "conversion": described(nullable(ratio()), "Of the users of the first step."),
        "step_conversion": described(nullable(ratio()), "Of the users of the step before."),
        "drop_off": described(count(), "Users of the step before who didn't take this one."),
        "median_seconds_from_previous": nullable(number()),
    }));
    let name = json!({"name": {"type": "string", "maxLength": 128}});
    let filter = json!({"anyOf": [component("Filter"), described(text(), "As the parameter.")]});
    let asked = and_maybe(object(json!({"filter": filter})), name);
    let steps = json!({"type": "array", "items": asked, "minItems": 2, "maxItems": 10});
    let optional = json!({
        "window": nullable(window()),
        "from": nullable(text()), "to": nullable(text()), "tz": nullable(text()),
        "filters": array(component("Filter")),
        "by": nullable(field()),
    });
    let funnel = object(json!({"steps": array(component("FunnelStep"))}));
    json!({
        "FunnelStep": step,
        "FunnelGroup": object(json!({"key": text(), "steps": array(component("FunnelStep"))})),
        "Funnel": and_maybe(funnel, json!({"groups": array(component("FunnelGroup"))})),
        "FunnelSteps": steps,
        "FunnelQuery": and_maybe(object(json!({"steps": component("FunnelSteps")})), optional),
    })
}

fn cohorts() -> Value {
    let period = one_of(&["day", "week", "month"]);
    json!({
        "Returned": object(json!({
            "period": count(),
            "users": count(),
            "rate": nullable(ratio()),
            "partial": described(truth(), "The period isn't wholly within the range, or isn't over."),
        })),
        "Cohort": object(json!({
            "start": moment(),
            "size": count(),
            "partial": described(truth(), "Its first period is partial: users may be missing, or still to come."),
            "returned": array(component("Returned")),
        })),
        "Retention": object(json!({"period": period, "cohorts": array(component("Cohort"))})),
    })
}

fn metadata() -> Value {
    let value = object(json!({"key": text(), "events": count()}));
    let dimension =
        object(json!({"name": text(), "source": component("Source"), "top": array(value)}));
    let dimension = and_maybe(
        dimension,
        json!({"values": count(), "other_events": count()}),
    );
    let data =
        object(json!({"from": nullable(moment()), "to": nullable(moment()), "events": count()}));
    let days = || described(nullable(count()), "Null: for ever.");
    let kept =
        object(json!({"events_days": days(), "rollups_days": days(), "dead_letters_days": days()}));
    json!({"Metadata": object(json!({
        "event_types": array(object(json!({"name": text(), "events": count()}))),
        "dimensions": array(dimension),
        "metrics": array(text()),
        "intervals": array(text()),
        "data": data,
        "retention": kept,
        "limits": {"type": "object", "additionalProperties": true},
        "time_zones": text(),
    }))})
}
