//! Lists everything that is wrong with an event of which serde reports the first error only. Off
//! the hot path: it explains a rejection and never decides one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    decimal::Micros,
    input::{EventInput, FIELDS, Kind},
    rules::{self, Limits},
    violation::{Code, Violation, Violations},
};
use crate::time::UnixMicros;

/// Detail texts quote at most this much of what was sent.
const QUOTED: usize = 64;

pub(super) fn why_unreadable(
    json: &[u8],
    error: &serde_json::Error,
    at: UnixMicros,
    limits: &Limits,
) -> Violations {
    let fields = match serde_json::from_slice::<RawFields<'_>>(json) {
        Ok(fields) => fields.0,
        Err(_) if is_json(json) => {
            return Violations::whole(Code::NotAnObject, "an event is a JSON object");
        }
        Err(error) => return Violations::whole(Code::MalformedJson, error.to_string()),
    };
    let mut found = Vec::new();
    let mut sound = serde_json::Map::new();
    for (i, (name, raw)) in fields.iter().enumerate() {
        match check_field(name, raw, fields[..i].iter().any(|(seen, _)| seen == name)) {
            Ok(value) => {
                sound.insert(name.clone(), value);
            }
            Err(violation) => found.push(violation),
        }
    }
    found.extend(missing(&fields));
    found.extend(rules_broken_by_the_rest(sound, at, limits));
    Violations::from_list(found)
        .unwrap_or_else(|| Violations::whole(Code::InvalidType, error.to_string()))
}

fn is_json(json: &[u8]) -> bool {
    // serde_json skips a string without looking at its bytes.
    std::str::from_utf8(json)
        .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

fn check_field(name: &str, raw: &RawValue, repeated: bool) -> Result<serde_json::Value, Violation> {
    let violation = |code, detail: String| Violation::field(&quote(name), code, detail);
    let Some((_, kind)) = FIELDS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
        let detail = format!(
            "not a field of an event; the fields are {}",
            known.join(", ")
        );
        return Err(violation(Code::UnknownField, detail));
    };
    if repeated {
        return Err(violation(
            Code::DuplicateField,
            "given more than once".into(),
        ));
    }
    let value: serde_json::Value = serde_json::from_str(raw.get())
        .map_err(|error| violation(Code::MalformedJson, error.to_string()))?;
    if *kind == Kind::OptionalDecimal && !value.is_null() {
        let digits = raw.get().trim_matches('"');
        Micros::parse(digits).map_err(|why| violation(Code::InvalidFormat, why.into()))?;
    }
    let (fits, expected) = match kind {
        Kind::Text => (value.is_string(), "must be a string"),
        Kind::OptionalText => (value.is_string() || value.is_null(), "must be a string"),
        Kind::OptionalDecimal => (true, ""),
        Kind::OptionalInteger => (value.is_i64() || value.is_null(), "must be a whole number"),
        Kind::OptionalObject => (value.is_object() || value.is_null(), "must be an object"),
    };
    if fits {
        Ok(value)
    } else {
        let detail = format!("{expected}, not {}", quote(raw.get()));
        Err(violation(Code::InvalidType, detail))
    }
}

fn missing(fields: &[(String, &RawValue)]) -> impl Iterator<Item = Violation> {
    let required = FIELDS.iter().filter(|(_, kind)| *kind == Kind::Text);
    required
        .filter(|(name, _)| !fields.iter().any(|(given, _)| given == name))
        .map(|(name, _)| Violation::field(name, Code::Required, "required"))
}

/// The fields that could be read, checked against the rules with stand-ins for the others.
fn rules_broken_by_the_rest(
    mut sound: serde_json::Map<String, serde_json::Value>,
    at: UnixMicros,
    limits: &Limits,
) -> Vec<Violation> {
    sound.remove("value");
    for (name, kind) in FIELDS {
        if kind == Kind::Text && !sound.contains_key(name) {
            sound.insert(name.to_owned(), "x".into());
        }
    }
    let json = serde_json::Value::Object(sound).to_string();
    let Ok(input) = serde_json::from_str::<EventInput<'_>>(&json) else {
        return Vec::new();
    };
    let mut found = rules::check(&input, at, limits).err().unwrap_or_default();
    found.retain(|violation| violation.code != Code::Required);
    found
}

fn quote(text: &str) -> String {
    if text.chars().count() <= QUOTED {
        return text.to_owned();
    }
    let cut: String = text.chars().take(QUOTED).collect();
    format!("{cut}…")
}

/// An object's members in order, repetitions included.
struct RawFields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawFields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawFields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawFields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
