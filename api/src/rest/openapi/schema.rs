//! JSON Schema in a few words.

use serde_json::{Map, Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// An object whose members are all there.
pub(super) fn object(members: Value) -> Value {
    let names = members.as_object().map(Map::keys).into_iter().flatten();
    let required: Vec<_> = names.collect();
    json!({"type": "object", "required": required, "properties": members})
}

/// The same with members that may be absent.
pub(super) fn and_maybe(mut object: Value, members: Value) -> Value {
    if let (Some(known), Value::Object(mut members)) =
        (object["properties"].as_object_mut(), members)
    {
        known.append(&mut members);
    }
    object
}

/// An array of exactly these.
pub(super) fn tuple<const N: usize>(items: [Value; N]) -> Value {
    json!({"type": "array", "prefixItems": items.to_vec(), "minItems": N, "maxItems": N})
}

/// The components in an object.
pub(super) fn components(named: Value) -> Map<String, Value> {
    match named {
        Value::Object(named) => named,
        _ => Map::new(),
    }
}

pub(super) fn array(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// `schema`, or null.
pub(super) fn nullable(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(kind @ Value::String(_)) if schema.get("enum").is_none() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

pub(super) fn component(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn one_of(names: &[&str]) -> Value {
    json!({"type": "string", "enum": names})
}

pub(super) fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

pub(super) fn count() -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 0})
}

pub(super) fn number() -> Value {
    json!({"type": "number"})
}

pub(super) fn ratio() -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1})
}

pub(super) fn truth() -> Value {
    json!({"type": "boolean"})
}

/// The schema of a type and of those that it names. Answers are written whole, so every
/// member is there, null where it isn't known.
pub(super) fn add<T: ToSchema>(components: &mut Map<String, Value>) {
    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    for (name, schema) in schemas {
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        let members = schema["properties"].as_object();
        let names = members.map(|members| members.keys().cloned().collect::<Vec<_>>());
        if let Some(names) = names {
            schema["required"] = names.into();
        }
        components.insert(name, schema);
    }
}
