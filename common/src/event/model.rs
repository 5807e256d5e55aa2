//! A valid event.

use std::borrow::Cow;

use uuid::Uuid;

use super::{
    diagnose,
    input::EventInput,
    rules::{self, Acceptance, Limits, Sound},
    text::Text,
    violation::Violations,
};
use crate::time::UnixMicros;

/// An event that satisfies the contract. Only [`parse`] makes one from outside data; text
/// borrows from the document it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    pub event_id: Uuid,
    pub event_type: Cow<'a, str>,
    pub occurred_at: UnixMicros,
    pub user_id: Cow<'a, str>,
    pub session_id: Option<Cow<'a, str>>,
    pub page: Option<Cow<'a, str>>,
    pub referrer: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
    pub device: Option<Cow<'a, str>>,
    pub browser: Option<Cow<'a, str>>,
    pub os: Option<Cow<'a, str>>,
    pub value_micros: Option<i64>,
    pub duration_ms: Option<i32>,
    /// A JSON object, as it was sent.
    pub properties: Option<&'a str>,
}

/// Reads and validates one event: the one decision of what is an event, for the collector
/// and for the consumer.
///
/// # Errors
/// Every rule that is broken, with its place and a sentence on what would be right.
pub fn parse<'a>(
    json: &'a [u8],
    acceptance: Acceptance,
    limits: &Limits,
) -> Result<Event<'a>, Violations> {
    // Once for the whole document is cheaper than once for every string in it.
    let read = match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    };
    let input: EventInput<'a> = match read {
        Ok(input) => input,
        Err(error) => {
            return Err(diagnose::why_unreadable(
                json,
                &error,
                acceptance.at,
                limits,
            ));
        }
    };
    let sound = rules::check(&input, acceptance.at, limits).map_err(Violations::new)?;
    Ok(accepted(input, &sound, acceptance))
}

fn accepted<'a>(input: EventInput<'a>, sound: &Sound, acceptance: Acceptance) -> Event<'a> {
    let text = |field: Option<Text<'a>>| field.map(|text| text.0);
    Event {
        event_id: sound.event_id.unwrap_or(acceptance.event_id),
        event_type: input.event_type.0,
        occurred_at: sound.occurred_at,
        user_id: input.user_id.0,
        session_id: text(input.session_id),
        page: text(input.page),
        referrer: text(input.referrer),
        country: text(input.country),
        device: text(input.device),
        browser: text(input.browser),
        os: text(input.os),
        value_micros: input.value.map(|micros| micros.0),
        duration_ms: input.duration_ms.and_then(|ms| i32::try_from(ms).ok()),
        properties: input.properties.map(|raw| raw.get()),
    }
}
