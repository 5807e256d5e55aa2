//! What answers say of themselves.

use serde_json::{Map, Value, json};

use super::schema::{
    and_maybe, component, components, count, described, moment, nullable, number, object, one_of,
    text, truth,
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
    let range =
        json!({"from": moment(), "to": moment(), "tz": text(), "source": component("Source")});
    let mut all = components(moments());
    all.append(&mut components(range));
    all.append(&mut components(more));
    and_maybe(
        object(all.into()),
        json!({"filter": component("FilterEcho")}),
    )
}

fn of_metrics(more: Value) -> Value {
    let with_other = and_maybe(
        of_range(json!({"estimates": component("Estimates")})),
        json!({
            "other_events": described(count(), "Events under `(other)`: values beyond those counted by name."),
            "lower_bounds": described(truth(), "Whether a value may have had more events than are shown."),
        }),
    );
    and_maybe(with_other, more)
}

fn of_state(more: Value) -> Value {
    let mut all = components(moments());
    all.insert("source".into(), text());
    all.append(&mut components(more));
    object(all.into())
}

fn metas() -> Value {
    let next = || {
        described(
            nullable(text()),
            "Leads to the next page; null where there is none.",
        )
    };
    let mut realtime = of_metrics(json!({}));
    realtime["required"] = json!(["watermark", "generated_at", "tz", "source", "estimates"]);
    let breakdown = json!({"dimension": text(), "limit": count(), "total_events": count(), "next_cursor": next()});
    json!({
        "MetricsMeta": of_metrics(json!({})),
        "TimeseriesMeta": of_metrics(json!({"interval": text(), "group_by": text()})),
        "BreakdownMeta": of_metrics(breakdown),
        "RealtimeMeta": realtime,
        "QueryMeta": of_metrics(json!({"total_rows": count()})),
        "RawMeta": of_range(json!({})),
        "PageMeta": and_maybe(of_range(json!({})), json!({"limit": count(), "next_cursor": next()})),
        "StateMeta": of_state(json!({})),
        "LettersMeta": of_state(json!({"limit": count()})),
    })
}
