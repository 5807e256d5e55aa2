//! The text of a property, character by character as PostgreSQL's `#>>` returns it for the same
//! `jsonb`.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// `properties` as the database writes them: of each number its own digits (`1.0` isn't `1`), of
/// an object or a list its own text. `None` where the path leads nowhere or to null.
pub(super) fn text(properties: &RawValue, path: &[String]) -> Option<String> {
    let mut value = properties;
    for name in path {
        value = match value.get().as_bytes().first() {
            Some(b'{') => member(value, name)?,
            Some(b'[') => item(value, name)?,
            _ => return None,
        };
    }
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).ok(),
        _ if text == "null" => None,
        _ => Some(text.to_owned()),
    }
}

fn member<'v>(object: &'v RawValue, name: &str) -> Option<&'v RawValue> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(object.get()).ok()?;
    members.get(name).copied()
}

/// By a place as C's `strtol` reads it, negative from the end.
fn item<'v>(list: &'v RawValue, place: &str) -> Option<&'v RawValue> {
    let blanks = [' ', '\t', '\n', '\u{b}', '\u{c}', '\r'];
    let place: i32 = place.trim_start_matches(blanks).parse().ok()?;
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    let place = match usize::try_from(place) {
        Ok(place) => place,
        Err(_) => items.len().checked_sub(place.unsigned_abs() as usize)?,
    };
    items.get(place).copied()
}
