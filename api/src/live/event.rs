//! A single event as the topic `events` shows it.

mod property;

use std::sync::Arc;

use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde_json::{Value, value::RawValue};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::query::{
    database::QueryError,
    events::FullEvent,
    filter::{Field, Filter},
    rollups::corrupt,
};

#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: Uuid,
    pub(super) at: UnixMicros,
    fields: Value,
    /// As the database writes them: their texts are compared.
    properties: Option<Box<RawValue>>,
    /// As JSON.
    pub(super) text: Arc<str>,
}

impl Event {
    /// A row of `live_newest_events` or `live_accepted_events`.
    pub(super) fn read(row: &Row) -> Result<Self, QueryError> {
        let at: UnixMicros = row.try_get(2)?;
        let event = FullEvent::read(row, &TimeZone::UTC)?;
        Ok(Self {
            id: event.event.event_id,
            at,
            text: serde_json::to_string(&event).map_err(corrupt)?.into(),
            fields: serde_json::to_value(&event.event).map_err(corrupt)?,
            properties: event.properties,
        })
    }

    pub(super) fn passes(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All(parts) => parts.iter().all(|part| self.passes(part)),
            Filter::Any(parts) => parts.iter().any(|part| self.passes(part)),
            Filter::Not(part) => !self.passes(part),
            Filter::Test(test) => test.holds(&self.value(&test.field)),
        }
    }

    /// As the database tells it in a condition; `""` where it is absent.
    fn value(&self, field: &Field) -> String {
        let text = match field {
            Field::Property(path) => {
                let properties = self.properties.as_deref();
                properties.and_then(|properties| property::text(properties, path))
            }
            named => {
                let value = self.fields.get(named.name().as_ref());
                value.and_then(Value::as_str).map(str::to_owned)
            }
        };
        text.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_and_properties_are_tested() {
        let properties =
            r#"{"paid": true, "plan": {"name": "pro", "seats": 3}, "tags": ["x", "y"]}"#;
        let event = Event {
            id: Uuid::nil(),
            at: UnixMicros(0),
            text: "".into(),
            fields: json!({"page": "/a", "country": null, "user_id": "u"}),
            properties: RawValue::from_string(properties.to_owned()).ok(),
        };
        let cases = [
            (json!(["is", "page", ["/a"]]), true),
            (json!(["is", "country", [""]]), true),
            (json!(["is_not", "user_id", ["u", "v"]]), false),
            (json!(["is", "properties.plan.name", ["pro"]]), true),
            (json!(["is", "properties.plan.seats", ["3"]]), true),
            (json!(["is", "properties.paid", ["true"]]), true),
            (json!(["is", "properties.tags.1", ["y"]]), true),
            (json!(["is", "properties.none.at.all", [""]]), true),
            (
                json!([
                    "and",
                    [
                        ["contains", "page", ["a"]],
                        ["not", ["matches", "page", ["^b"]]]
                    ]
                ]),
                true,
            ),
            (
                json!(["or", [["is", "page", ["/b"]], ["is", "session_id", ["s"]]]]),
                false,
            ),
        ];
        for (tree, want) in cases {
            let filter = Filter::from_json(&tree).unwrap();
            assert_eq!(event.passes(&filter), want, "{tree}");
        }
    }
}
