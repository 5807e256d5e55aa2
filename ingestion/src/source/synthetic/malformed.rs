//! Events that break the contract, each in one way, and the reason code expected for each.

use common::{
    event::{Code, Event},
    wire::encode_event,
};
use serde::Serialize;

/// One way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    CutOff,
    NotUtf8,
    NotAnObject,
    UnknownField,
    FieldTwice,
    NumberAsUser,
    TextAsDuration,
    NoUser,
    NoPage,
    NoValue,
    EmptyUser,
    LongUser,
    LongPage,
    BadId,
    BadType,
    BadTime,
    BadCountry,
    SevenDecimals,
    NegativeDuration,
    TooOld,
    TooFarInFuture,
    NulInPage,
    ManyKeys,
    Deep,
}

impl Malformation {
    pub const ALL: [Self; 24] = [
        Self::CutOff,
        Self::NotUtf8,
        Self::NotAnObject,
        Self::UnknownField,
        Self::FieldTwice,
        Self::NumberAsUser,
        Self::TextAsDuration,
        Self::NoUser,
        Self::NoPage,
        Self::NoValue,
        Self::EmptyUser,
        Self::LongUser,
        Self::LongPage,
        Self::BadId,
        Self::BadType,
        Self::BadTime,
        Self::BadCountry,
        Self::SevenDecimals,
        Self::NegativeDuration,
        Self::TooOld,
        Self::TooFarInFuture,
        Self::NulInPage,
        Self::ManyKeys,
        Self::Deep,
    ];

    pub(super) const fn of(bits: u64) -> Self {
        Self::ALL[(((bits >> 32) * Self::ALL.len() as u64) >> 32) as usize]
    }

    /// The reason under which it must arrive among the dead letters.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::CutOff | Self::NotUtf8 => Code::MalformedJson,
            Self::NotAnObject => Code::NotAnObject,
            Self::UnknownField => Code::UnknownField,
            Self::FieldTwice => Code::DuplicateField,
            Self::NumberAsUser | Self::TextAsDuration => Code::InvalidType,
            Self::NoUser | Self::NoPage | Self::NoValue => Code::Required,
            Self::EmptyUser => Code::TooShort,
            Self::LongUser | Self::LongPage => Code::TooLong,
            Self::BadId
            | Self::BadType
            | Self::BadTime
            | Self::BadCountry
            | Self::SevenDecimals => Code::InvalidFormat,
            Self::NegativeDuration => Code::OutOfRange,
            Self::TooOld => Code::TooOld,
            Self::TooFarInFuture => Code::TooFarInFuture,
            Self::NulInPage => Code::NulCharacter,
            Self::ManyKeys => Code::TooManyKeys,
            Self::Deep => Code::TooDeep,
        }
    }

    /// Appends `event`, broken. Faulty events are few: here an allocation costs nothing.
    pub(super) fn encode(self, event: &Event<'_>, out: &mut Vec<u8>) {
        let from = out.len();
        let mut event = event.clone();
        let (keep_type, page) = (event.event_type.clone(), event.page.take());
        event.event_type = "signup".into();
        event.value_micros = None;
        event.duration_ms = None;
        event.properties = None;
        let long_user = "u".repeat(129);
        let long_page = format!("/{}", "p".repeat(2_048));
        match self {
            Self::NoPage => event.event_type = "page_view".into(),
            Self::NoValue => event.event_type = "purchase".into(),
            Self::EmptyUser => event.user_id = "".into(),
            Self::LongUser => event.user_id = long_user.as_str().into(),
            Self::LongPage => event.page = Some(long_page.as_str().into()),
            Self::BadCountry => event.country = Some("Germany".into()),
            Self::TooOld | Self::TooFarInFuture => {
                event.event_type = keep_type;
                event.page = page;
                event.value_micros = Some(1_000_000);
            }
            _ => {}
        }
        encode_event(&event, out);
        self.damage(from, out);
    }

    /// What can't be said with an [`Event`] is done to its text.
    fn damage(self, from: usize, out: &mut Vec<u8>) {
        match self {
            Self::CutOff => out.truncate(from + (out.len() - from) / 2),
            Self::NotUtf8 => append(out, b",\"page\":\"/\xff\xfe\""),
            Self::NotAnObject => {
                out.truncate(from);
                out.extend_from_slice(b"[\"page_view\",\"u00000001\",\"/pricing\"]");
            }
            Self::UnknownField => append(out, b",\"pagee\":\"/pricing\""),
            Self::FieldTwice => append(out, b",\"event_type\":\"login\""),
            Self::NumberAsUser => replace(out, from, "user_id", b"17"),
            Self::TextAsDuration => append(out, b",\"duration_ms\":\"fast\""),
            Self::NoUser => remove(out, from, "user_id"),
            Self::BadId => replace(out, from, "event_id", b"\"not-a-uuid\""),
            Self::BadType => replace(out, from, "event_type", b"\"Page View\""),
            Self::BadTime => replace(out, from, "occurred_at", b"\"yesterday\""),
            Self::SevenDecimals => append(out, b",\"value\":0.1234567"),
            Self::NegativeDuration => append(out, b",\"duration_ms\":-1"),
            Self::NulInPage => append(out, b",\"page\":\"/a\\u0000b\""),
            Self::ManyKeys => {
                let keys: Vec<_> = (0..65).map(|n| format!("\"k{n}\":{n}")).collect();
                append(
                    out,
                    format!(",\"properties\":{{{}}}", keys.join(",")).as_bytes(),
                );
            }
            Self::Deep => append(out, b",\"properties\":{\"a\":[[[[[1]]]]]}"),
            _ => {}
        }
    }
}

/// One more member at the end of the object.
fn append(out: &mut Vec<u8>, member: &[u8]) {
    out.pop();
    out.extend_from_slice(member);
    out.push(b'}');
}

/// Another value for the text member `name`, which is there.
fn replace(out: &mut Vec<u8>, from: usize, name: &str, value: &[u8]) {
    let (start, end) = member(out, from, name);
    let value_start = start + name.len() + 3;
    out.splice(value_start..end, value.iter().copied());
}

fn remove(out: &mut Vec<u8>, from: usize, name: &str) {
    let (start, end) = member(out, from, name);
    // With the comma before it: it isn't the first.
    out.drain(start - 1..end);
}

/// Where `"name":"…"` begins and ends. Its text holds no quotes: it is one of ours.
fn member(out: &[u8], from: usize, name: &str) -> (usize, usize) {
    let wanted = format!("\"{name}\":\"");
    let found = out[from..]
        .windows(wanted.len())
        .position(|w| w == wanted.as_bytes());
    let start = from + found.unwrap_or(0);
    let text = start + wanted.len();
    let length = out[text..].iter().position(|b| *b == b'"').unwrap_or(0);
    (start, text + length + 1)
}
