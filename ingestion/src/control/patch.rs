//! Settings with some fields changed, or everything that is wrong with the change.

use axum::http::StatusCode;
use common::{
    config::{OutOfRange, out_of_range},
    http::Problem,
};
use serde::Serialize;
use serde_json::{Map, Value};
use validator::Validate as _;

use crate::source::synthetic::Settings;

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct Wrong {
    /// A JSON pointer into what was sent.
    pointer: String,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Value>,
}

impl Wrong {
    fn new(pointer: String, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer,
            code,
            detail: detail.into(),
            min: None,
            max: None,
        }
    }
}

impl From<OutOfRange> for Wrong {
    fn from(value: OutOfRange) -> Self {
        Self {
            min: value.min,
            max: value.max,
            ..Self::new(value.pointer, "out_of_range", value.what)
        }
    }
}

/// Fields that are absent stay as they are; so do those of `faults` and `mix`.
///
/// # Errors
/// 400 if it isn't a JSON object; otherwise 422 with every mistake.
pub(super) fn apply(current: &Settings, body: &[u8]) -> Result<Settings, Problem> {
    let patch: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body must be a JSON object: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
    })?;
    let mut merged = match serde_json::to_value(current) {
        Ok(Value::Object(members)) => members,
        // Settings are an object.
        _ => Map::new(),
    };
    let mut wrong = Vec::new();
    merge(&mut merged, patch, "", &mut wrong);
    if !wrong.is_empty() {
        return Err(refuse(wrong));
    }
    let settings: Settings =
        serde_path_to_error::deserialize(Value::Object(merged)).map_err(|error| {
            let pointer = pointer_of(error.path());
            let detail = error.into_inner().to_string();
            refuse(vec![Wrong::new(pointer, "invalid_type", detail)])
        })?;
    match settings.validate() {
        Ok(()) => Ok(settings),
        Err(errors) => Err(refuse(
            out_of_range(&errors).into_iter().map(Wrong::from).collect(),
        )),
    }
}

fn merge(
    into: &mut Map<String, Value>,
    patch: Map<String, Value>,
    at: &str,
    wrong: &mut Vec<Wrong>,
) {
    let known: Vec<_> = into.keys().cloned().collect();
    for (name, value) in patch {
        let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (into.get_mut(&name), value) {
            (None, _) => {
                let detail = format!("not a setting; there are {}", known.join(", "));
                wrong.push(Wrong::new(pointer, "unknown_field", detail));
            }
            (Some(Value::Object(members)), Value::Object(changes)) if name != "profile" => {
                merge(members, changes, &pointer, wrong);
            }
            (Some(member), value) => *member = value,
        }
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => Some(format!("/{key}")),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

fn refuse(wrong: Vec<Wrong>) -> Problem {
    let detail = wrong
        .first()
        .map_or_else(String::new, |first| match first.pointer.as_str() {
            "" => first.detail.clone(),
            pointer => format!("{pointer}: {}", first.detail),
        });
    let errors = serde_json::to_value(&wrong).unwrap_or_default();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_settings", detail)
        .with("errors", errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::synthetic::Profile;

    fn applied(body: &str) -> Result<Settings, Value> {
        apply(&Settings::default(), body.as_bytes())
            .map_err(|problem| serde_json::to_value(problem).unwrap())
    }

    #[test]
    fn absent_fields_stay() {
        let settings = applied(r#"{"rate":5,"faults":{"late":0.1},"mix":{"click":1}}"#).unwrap();
        assert_eq!(settings.rate, 5.0);
        assert_eq!(settings.faults.late, 0.1);
        assert_eq!(settings.faults.duplicates, 0.0);
        assert_eq!((settings.mix.click, settings.mix.page_view), (1.0, 62.0));
        let settings = applied(r#"{"profile":{"kind":"ramp","from":1,"to":2,"seconds":3}}"#);
        assert_eq!(
            settings.unwrap().profile,
            Profile::Ramp {
                from: 1.0,
                to: 2.0,
                seconds: 3.0
            }
        );
        assert_eq!(applied(r#"{"limit":7}"#).unwrap().limit, Some(7));
        assert_eq!(applied(r#"{"limit":null}"#).unwrap().limit, None);
        assert_eq!(applied("{}").unwrap(), Settings::default());
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let cases = [
            (r#"{"rate":-1}"#, "/rate", "out_of_range"),
            (r#"{"rate":2000001}"#, "/rate", "out_of_range"),
            (r#"{"rate":"fast"}"#, "/rate", "invalid_type"),
            (r#"{"speed":1}"#, "/speed", "unknown_field"),
            (r#"{"faults":{"late":0.6}}"#, "/faults/late", "out_of_range"),
            (
                r#"{"faults":{"lost":0.1}}"#,
                "/faults/lost",
                "unknown_field",
            ),
            (
                r#"{"faults":{"late":0.5,"skewed":0.41}}"#,
                "/faults",
                "out_of_range",
            ),
            (
                r#"{"mix":{"page_view":null}}"#,
                "/mix/page_view",
                "invalid_type",
            ),
            (
                r#"{"profile":{"kind":"sine","min":2,"max":1,"period":5}}"#,
                "/profile/min",
                "out_of_range",
            ),
            (
                r#"{"profile":{"kind":"square"}}"#,
                "/profile/kind",
                "invalid_type",
            ),
            (r#"{"users":0}"#, "/users", "out_of_range"),
            (r#"{"history_seconds":3600}"#, "", "out_of_range"),
            (r#"{"running":1}"#, "/running", "invalid_type"),
        ];
        for (body, pointer, code) in cases {
            let problem = applied(body).unwrap_err();
            assert_eq!(problem["status"], 422, "{problem}");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            assert_eq!(problem["errors"][0]["code"], code, "{problem}");
        }
        let problem = applied(r#"{"rate":-1,"users":0}"#).unwrap_err();
        assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
        assert_eq!(applied("[]").unwrap_err()["status"], 400);
    }
}
