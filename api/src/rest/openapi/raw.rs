//! What is read from the events themselves.

use serde_json::{Map, Value, json};

use super::{
    operation::{OF_QUERIES, Operation},
    parameters::field,
    schema::{
        and_maybe, array, component, components, count, described, moment, nullable, number,
        object, one_of, ratio, text,
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
    let mut all = components(events());
    all.append(&mut components(funnels()));
    all.append(&mut components(cohorts()));
    all.append(&mut components(metadata()));
    all
}

fn events() -> Value {
    let maybe = || nullable(text());
    let session = json!({
        "session_id": text(), "user_id": text(), "started_at": moment(), "ended_at": moment(),
        "duration_seconds": number(), "events": count(), "entry_page": maybe(), "exit_page": maybe(),
        "value": text(), "country": maybe(), "device": maybe(), "browser": maybe(),
    });
    let event = json!({
        "event_id": {"type": "string", "format": "uuid"}, "event_type": text(),
        "occurred_at": moment(), "accepted_at": moment(), "user_id": text(), "session_id": maybe(),
        "page": maybe(), "referrer": maybe(), "country": maybe(), "device": maybe(), "browser": maybe(),
        "os": maybe(), "value": described(maybe(), "A decimal number, exact."),
        "duration_ms": nullable(json!({"type": "integer"})), "properties": nullable(json!({"type": "object"})),
    });
    let mut path = object(session.clone());
    path["properties"]["events"] = array(component("Event"));
    json!({"Event": object(event), "Session": object(session), "SessionPath": path})
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
    let name = json!({"name": {"type": "string", "maxLength": 256}});
    let asked = and_maybe(object(json!({"filter": component("Filter")})), name);
    let steps = json!({"type": "array", "items": asked, "minItems": 2, "maxItems": 10});
    let optional = json!({
        "window": {"type": "string", "pattern": "^[0-9]+[smhdw]$"},
        "from": text(), "to": text(), "tz": text(),
        "filters": array(component("Filter")),
        "by": field(),
        "order": one_of(&["strict", "after"]),
    });
    let funnel = object(json!({"steps": array(component("FunnelStep"))}));
    json!({
        "FunnelStep": step,
        "FunnelGroup": object(json!({"key": text(), "steps": array(component("FunnelStep"))})),
        "Funnel": and_maybe(funnel, json!({"groups": array(component("FunnelGroup"))})),
        "FunnelQuery": and_maybe(object(json!({"steps": steps})), optional),
    })
}

fn cohorts() -> Value {
    let period = one_of(&["day", "week", "month"]);
    json!({
        "Returned": object(json!({
            "period": count(), "users": count(), "rate": nullable(ratio()),
            "partial": described(json!({"type": "boolean"}), "The period isn't over."),
        })),
        "Cohort": object(json!({"start": moment(), "size": count(), "returned": array(component("Returned"))})),
        "Retention": object(json!({"period": period, "cohorts": array(component("Cohort"))})),
    })
}

fn metadata() -> Value {
    let dimension = and_maybe(
        object(json!({"name": text()})),
        json!({
            "values": nullable(count()),
            "top": array(text()),
        }),
    );
    let data =
        object(json!({"from": nullable(moment()), "to": nullable(moment()), "events": count()}));
    json!({"Metadata": and_maybe(object(json!({
        "event_types": array(object(json!({"name": text(), "events": count()}))),
        "dimensions": array(dimension),
        "metrics": array(text()),
        "intervals": array(text()),
        "data": data,
    })), json!({
        "retention": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
        "limits": {"type": "object", "additionalProperties": true},
    }))})
}
