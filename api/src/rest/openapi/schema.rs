//! A small builder for JSON Schema.

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

/// The schema of a type and of those that it names, by name.
pub(super) fn add<T: ToSchema>(components: &mut Map<String, Value>) {
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut schemas);
    components.insert(T::name().into_owned(), of_type::<T>());
    for (name, schema) in schemas {
        components.insert(name, whole(&schema));
    }
}

/// The schema of a type.
pub(super) fn of_type<T: ToSchema>() -> Value {
    whole(&T::schema())
}

/// Answers are written whole: every member is there, null where it isn't known.
fn whole(schema: &RefOr<Schema>) -> Value {
    let mut schema = serde_json::to_value(schema).unwrap_or_default();
    let members = schema["properties"].as_object();
    if let Some(names) = members.map(|members| members.keys().cloned().collect::<Vec<_>>()) {
        schema["required"] = names.into();
    }
    schema
}

/// An object that has these members too.
pub(super) fn and(object: Value, members: Value) -> Value {
    let names: Vec<Value> = members
        .as_object()
        .map(Map::keys)
        .into_iter()
        .flatten()
        .map(|name| name.as_str().into())
        .collect();
    let mut object = and_maybe(object, members);
    if let Some(required) = object["required"].as_array_mut() {
        required.extend(names);
    }
    object
}
