//! The schema of `meta`.

use serde_json::{Map, Value, json};

use super::schema::{
    and, and_maybe, component, components, count, described, moment, nullable, number, object,
    one_of, text, truth,
};

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = components(parts());
    all.append(&mut components(metas()));
    all
}

fn parts() -> Value {
    let estimates = json!({
        "type": "object",
        "description": "Metrics that are estimates in this answer, with their standard error.",
        "additionalProperties": object(json!({"relative_error": number()})),
    });
    json!({
        "Source": described(one_of(&["rollup", "rollup+raw", "raw"]), "What the answer was read from."),
        "Estimates": estimates,
        "FilterEcho": {"description": "The filter as it was understood."},
    })
}

/// Of any answer.
fn moments() -> Value {
    let watermark = "Every event accepted before this is counted; null until Redis has answered.";
    json!({"watermark": described(nullable(moment()), watermark), "generated_at": moment()})
}

fn of_range(more: Value) -> Value {
    let range = json!({
        "from": moment(), "to": moment(), "tz": text(),
        "source": component("Source"), "estimates": component("Estimates"),
    });
    let filter = json!({"filter": component("FilterEcho")});
    and_maybe(and(and(object(moments()), range), more), filter)
}

fn other() -> Value {
    json!({
        "other_events": described(count(), "Events under `(other)`: values beyond those counted by name."),
        "lower_bounds": described(truth(), "Whether a value may have had more events than are shown."),
    })
}

fn of_metrics(more: Value) -> Value {
    and_maybe(and_maybe(of_range(json!({})), other()), more)
}

/// Of what may be compared with another range.
fn of_compared(more: Value) -> Value {
    let comparison = json!({"comparison": component("ComparisonMeta")});
    and_maybe(of_metrics(more), comparison)
}

fn of_list(more: Value) -> Value {
    let from = described(
        moment(),
        "Where the search ended: what is older was left out, to end in time.",
    );
    and_maybe(of_range(more), json!({"searched_from": from}))
}

fn of_state(more: Value) -> Value {
    and(and(object(moments()), json!({"source": text()})), more)
}

fn metas() -> Value {
    let next = || {
        described(
            nullable(text()),
            "Leads to the next page; null where there is none.",
        )
    };
    let omitted = json!({
        "type": "object",
        "description": "Members that are null because they couldn't be counted, with the reason.",
        "additionalProperties": text(),
    });
    let mut realtime = of_metrics(json!({ "omitted": omitted }));
    realtime["required"] = json!(["watermark", "generated_at", "tz", "source", "estimates"]);
    let compared = object(json!({"from": moment(), "to": moment(), "source": component("Source")}));
    let breakdown = json!({"dimension": text(), "limit": count(), "total_events": count(), "total_rows": count(), "next_cursor": next()});
    json!({
        "ComparisonMeta": described(and_maybe(compared, other()), "The same of the other range, where `compare` asks for one."),
        "MetricsMeta": of_compared(json!({})),
        "TimeseriesMeta": of_compared(json!({"interval": text(), "group_by": text(), "limit": count()})),
        "BreakdownMeta": of_compared(breakdown),
        "RealtimeMeta": realtime,
        "QueryMeta": of_compared(json!({"total_rows": count()})),
        "FunnelMeta": and_maybe(of_range(json!({"window": text()})), json!({"by": text(), "groups": count()})),
        "RetentionMeta": and_maybe(
            of_range(json!({"periods": count()})),
            json!({"return_filter": component("FilterEcho")}),
        ),
        "PageMeta": of_list(json!({"limit": count(), "next_cursor": next()})),
        "PathMeta": of_list(json!({"truncated": truth()})),
        "StateMeta": of_state(json!({})),
        "LettersMeta": of_state(json!({"limit": count()})),
    })
}
