//! The rules of the contract that serde can't express.

use std::{borrow::Cow, time::Duration};

use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{
    input::EventInput,
    properties,
    violation::{Code, Violation},
};
use crate::time::UnixMicros;

/// The event types the product knows, each with the field it requires.
pub const BUILT_IN_TYPES: [(&str, Option<&str>); 8] = [
    ("page_view", Some("page")),
    ("click", Some("page")),
    ("search", Some("page")),
    ("add_to_cart", Some("page")),
    ("purchase", Some("value")),
    ("signup", None),
    ("login", None),
    ("error", None),
];

/// How far `occurred_at` may lie from the moment of acceptance.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub max_age: Duration,
    pub max_future: Duration,
}

impl Default for Limits {
    /// 365 days back, 10 minutes ahead.
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(365 * 86_400),
            max_future: Duration::from_secs(600),
        }
    }
}

/// When the event was accepted and what it gets where it has no id of its own. Both are
/// functions of the stream entry in the consumer, so a redelivery decides the same.
#[derive(Debug, Clone, Copy)]
pub struct Acceptance {
    pub at: UnixMicros,
    pub event_id: Uuid,
}

pub(super) fn event_type(text: &str) -> Result<(), ValidationError> {
    let bytes = text.as_bytes();
    let allowed = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
    let valid = (1..=64).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(allowed);
    let expected = "must be a lower-case letter, then up to 63 of a-z, 0-9, _ and .";
    verdict(valid, Code::InvalidFormat, expected)
}

pub(super) fn country(text: &str) -> Result<(), ValidationError> {
    let valid = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    let expected = "must be two upper-case letters (ISO 3166-1 alpha-2)";
    verdict(valid, Code::InvalidFormat, expected)
}

fn verdict(valid: bool, code: Code, expected: &'static str) -> Result<(), ValidationError> {
    if valid {
        return Ok(());
    }
    Err(ValidationError::new(code.as_str()).with_message(Cow::Borrowed(expected)))
}

/// Whether the field that a built-in type needs is there. The violation is built in
/// [`check`], which knows the pointer; here only the verdict counts.
pub(super) fn required_by_type(input: &EventInput<'_>) -> Result<(), ValidationError> {
    verdict(missing_field(input).is_none(), Code::Required, "required")
}

fn missing_field(input: &EventInput<'_>) -> Option<&'static str> {
    let (_, required) = BUILT_IN_TYPES
        .iter()
        .find(|(name, _)| *name == &*input.event_type)?;
    let present = match (*required)? {
        "page" => input.page.is_some(),
        _ => input.value.is_some(),
    };
    if present { None } else { *required }
}

/// The fields that the rules parsed, of a valid event.
pub(super) struct Sound {
    /// Absent where the event names none.
    pub(super) event_id: Option<Uuid>,
    pub(super) occurred_at: UnixMicros,
}

/// Judges `input` by every rule.
///
/// # Errors
/// All violations, in the order of the fields.
pub(super) fn check(
    input: &EventInput<'_>,
    at: UnixMicros,
    limits: &Limits,
) -> Result<Sound, Vec<Violation>> {
    let mut found = Vec::new();
    let event_id = input.uuid().transpose();
    if event_id.is_err() {
        found.push(Violation::field(
            "event_id",
            Code::InvalidFormat,
            "must be a UUID",
        ));
    }
    if let Err(errors) = input.validate() {
        found.extend(field_violations(&errors));
        if let Some(field) = missing_field(input) {
            let detail = format!("required for event_type {}", &*input.event_type);
            found.push(Violation::field(field, Code::Required, detail));
        }
    }
    let occurred_at = occurred_at(input, at, limits).map_err(|broken| found.push(broken));
    let with_nul = input.texts().filter(|(_, text)| text.has_nul());
    found.extend(
        with_nul.map(|(name, _)| {
            Violation::field(name, Code::NulCharacter, "holds the character U+0000")
        }),
    );
    let properties = input.properties;
    found.extend(properties.and_then(|raw| properties::check(raw.get()).err()));
    match (event_id, occurred_at) {
        (Ok(event_id), Ok(occurred_at)) if found.is_empty() => Ok(Sound {
            event_id,
            occurred_at,
        }),
        _ => Err(found),
    }
}

/// The instant of the event, or of its acceptance where it names none.
fn occurred_at(
    input: &EventInput<'_>,
    at: UnixMicros,
    limits: &Limits,
) -> Result<UnixMicros, Violation> {
    let violation = |code, detail: String| Violation::field("occurred_at", code, detail);
    let Some(text) = &input.occurred_at else {
        return Ok(at);
    };
    let Some(occurred_at) = UnixMicros::parse_rfc3339(text) else {
        let detail = "must be RFC 3339, such as 2026-11-20T10:00:00.000Z".to_owned();
        return Err(violation(Code::InvalidFormat, detail));
    };
    let earliest = at.saturating_sub(limits.max_age);
    let latest = at.saturating_add(limits.max_future);
    if occurred_at < earliest {
        let detail = format!(
            "earlier than {}, the oldest accepted",
            earliest.to_rfc3339()
        );
        return Err(violation(Code::TooOld, detail));
    }
    if occurred_at > latest {
        let detail = format!("later than {}, the latest accepted", latest.to_rfc3339());
        return Err(violation(Code::TooFarInFuture, detail));
    }
    Ok(occurred_at)
}

fn field_violations(errors: &validator::ValidationErrors) -> Vec<Violation> {
    let by_field = errors.field_errors();
    let fields = super::input::FIELDS.iter().map(|(name, _)| *name);
    fields
        .filter_map(|name| by_field.get(name).map(|errors| (name, *errors)))
        .flat_map(|(name, errors)| errors.iter().map(move |error| field_violation(name, error)))
        .collect()
}

fn field_violation(name: &str, error: &ValidationError) -> Violation {
    let bound = |key: &str| error.params.get(key).map(ToString::to_string);
    match error.code.as_ref() {
        "length" => {
            let length = error.params.get("value").and_then(|v| v.as_str());
            let short = length.is_some_and(str::is_empty);
            if short {
                return Violation::field(name, Code::TooShort, "must not be empty");
            }
            let detail = format!("at most {} characters", bound("max").unwrap_or_default());
            Violation::field(name, Code::TooLong, detail)
        }
        "range" => {
            let (min, max) = (bound("min"), bound("max"));
            let detail = format!(
                "must lie between {} and {}",
                min.unwrap_or_default(),
                max.unwrap_or_default()
            );
            Violation::field(name, Code::OutOfRange, detail)
        }
        _ => {
            let message = error
                .message
                .clone()
                .unwrap_or(Cow::Borrowed("is not valid"));
            Violation::field(name, Code::InvalidFormat, message)
        }
    }
}
