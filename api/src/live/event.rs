//! A single event as the topic `events` shows it.

use std::sync::Arc;

use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::query::{
    database::{Instant as At, QueryError},
    events::FullEvent,
    filter::{Field, Filter},
    rollups::corrupt,
};

#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: Uuid,
    pub(super) at: UnixMicros,
    fields: Value,
    /// As JSON.
    pub(super) text: Arc<str>,
}

impl Event {
    /// A row of `live_newest_events` or `live_accepted_events`.
    pub(super) fn read(row: &Row) -> Result<Self, QueryError> {
        let At(at) = row.try_get(2)?;
        let event = FullEvent::read(row, &TimeZone::UTC)?;
        let id = event.event.event_id;
        let fields = serde_json::to_value(event).map_err(corrupt)?;
        Ok(Self::of(id, at, fields))
    }

    fn of(id: Uuid, at: UnixMicros, fields: Value) -> Self {
        Self {
            id,
            at,
            text: fields.to_string().into(),
            fields,
        }
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
        let value = match field {
            Field::Property(path) => path.iter().try_fold(
                self.fields.get("properties").unwrap_or(&Value::Null),
                |value, name| match value {
                    Value::Array(list) => name.parse::<usize>().ok().and_then(|at| list.get(at)),
                    value => value.get(name),
                },
            ),
            named => self.fields.get(named.name().as_ref()),
        };
        match value {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_and_properties_are_tested() {
        let fields = json!({"page": "/a", "country": null, "user_id": "u",
            "properties": {"plan": {"name": "pro", "seats": 3}, "tags": ["x", "y"], "paid": true}});
        let event = Event::of(Uuid::nil(), UnixMicros(0), fields);
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
