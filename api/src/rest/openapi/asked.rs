//! Schemas of request bodies: filters and queries.

use serde_json::{Map, Value, json};

use super::{
    parameters::{field, metric_names},
    schema::{
        and_maybe, array, component, components, described, nullable, object, one_of, text, truth,
        tuple,
    },
};
use crate::query::{compare::Compare, filter};

const SPANS: [&str; 10] = [
    "15m", "1h", "24h", "7d", "30d", "365d", "day", "week", "month", "year",
];

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = components(filters());
    all.append(&mut components(queries()));
    all
}

fn filters() -> Value {
    let operator = one_of(&["is", "is_not", "contains", "matches", "in"]);
    let value =
        json!({"type": ["string", "number", "boolean"], "maxLength": filter::MAX_VALUE_BYTES});
    let values =
        json!({"type": "array", "items": value, "minItems": 1, "maxItems": filter::MAX_VALUES});
    let several = json!({"type": "array", "items": component("Filter"), "minItems": 1});
    let any = json!({"anyOf": [component("FilterTest"), component("FilterGroup"), component("FilterNot")]});
    json!({
        "FilterTest": tuple([operator, field(), values]),
        "FilterGroup": tuple([one_of(&["and", "or"]), several]),
        "FilterNot": tuple([one_of(&["not"]), component("Filter")]),
        "Filter": described(any, "A test of a field, or of other filters. At most 8 levels, 64 tests, and 256 bytes \
            of a regular expression. Several values: any of them; is_not: none of them. An absent field is \"\"."),
    })
}

fn queries() -> Value {
    let bucket = json!({"type": "string", "pattern": "^time(:(1m|5m|15m|1h|1d|1w|1M))?$"});
    let dimension = json!({"anyOf": [field(), bucket]});
    let metrics = json!({"type": "array", "items": one_of(&metric_names()), "minItems": 1});
    let pagination = json!({
        "limit": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "offset": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
    });
    let optional = json!({
        "dimensions": {"type": "array", "items": dimension, "maxItems": 2},
        "filters": described(array(component("Filter")), "All must hold."),
        "date_range": {"anyOf": [one_of(&SPANS), tuple([text(), text()])]},
        "tz": nullable(text()),
        "compare": nullable(one_of(&Compare::NAMES)),
        "order_by": array(tuple([text(), one_of(&["asc", "desc"])])),
        "pagination": and_maybe(object(json!({})), pagination),
        "include": and_maybe(object(json!({})), json!({"total_rows": truth()})),
    });
    json!({"Query": and_maybe(object(json!({"metrics": metrics})), optional)})
}
