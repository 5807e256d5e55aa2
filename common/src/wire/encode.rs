//! Writes an event as the JSON that [`crate::event::parse`] reads back equal.

use crate::event::Event;

/// Appends `event` as one line of JSON, without the line feed. Absent fields are left out.
pub fn encode_event(event: &Event<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"event_id\":\"");
    let mut id = uuid::Uuid::encode_buffer();
    out.extend_from_slice(
        event
            .event_id
            .as_hyphenated()
            .encode_lower(&mut id)
            .as_bytes(),
    );
    out.extend_from_slice(b"\",\"event_type\":\"");
    out.extend_from_slice(event.event_type.as_bytes());
    out.extend_from_slice(b"\",\"occurred_at\":\"");
    rfc3339(event.occurred_at.0, out);
    out.extend_from_slice(b"\",\"user_id\":");
    string(&event.user_id, out);
    let texts = [
        (&b",\"session_id\":"[..], &event.session_id),
        (b",\"page\":", &event.page),
        (b",\"referrer\":", &event.referrer),
        (b",\"country\":", &event.country),
        (b",\"device\":", &event.device),
        (b",\"browser\":", &event.browser),
        (b",\"os\":", &event.os),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            out.extend_from_slice(name);
            string(text, out);
        }
    }
    if let Some(micros) = event.value_micros {
        out.extend_from_slice(b",\"value\":");
        decimal(micros, out);
    }
    if let Some(ms) = event.duration_ms {
        out.extend_from_slice(b",\"duration_ms\":");
        out.extend_from_slice(itoa::Buffer::new().format(ms).as_bytes());
    }
    if let Some(properties) = event.properties {
        out.extend_from_slice(b",\"properties\":");
        one_line(properties, out);
    }
    out.push(b'}');
}

/// A JSON text may hold line feeds between its tokens, an NDJSON line may not. Inside a
/// string they are always escaped, so every raw one can go.
fn one_line(json: &str, out: &mut Vec<u8>) {
    out.extend(json.bytes().filter(|b| !matches!(b, b'\n' | b'\r')));
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let plain = |b: &u8| *b >= 0x20 && *b != b'"' && *b != b'\\';
    if text.as_bytes().iter().all(plain) {
        out.extend_from_slice(text.as_bytes());
    } else {
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => out.push(byte),
            }
        }
    }
    out.push(b'"');
}

fn decimal(micros: i64, out: &mut Vec<u8>) {
    if micros < 0 {
        out.push(b'-');
    }
    let magnitude = micros.unsigned_abs();
    out.extend_from_slice(itoa::Buffer::new().format(magnitude / 1_000_000).as_bytes());
    let fraction = magnitude % 1_000_000;
    if fraction != 0 {
        out.push(b'.');
        digits(fraction, 6, out);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// `2026-11-20T10:00:00.123456Z`, always with six decimals. Days to civil date after
/// Howard Hinnant, "chrono-compatible low-level date algorithms".
fn rfc3339(micros: i64, out: &mut Vec<u8>) {
    let seconds = micros.div_euclid(1_000_000);
    let days = seconds.div_euclid(86_400) + 719_468;
    let second_of_day = seconds.rem_euclid(86_400).unsigned_abs();
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);

    digits(year.unsigned_abs(), 4, out);
    out.push(b'-');
    digits(month.unsigned_abs(), 2, out);
    out.push(b'-');
    digits(day.unsigned_abs(), 2, out);
    out.push(b'T');
    digits(second_of_day / 3_600, 2, out);
    out.push(b':');
    digits(second_of_day / 60 % 60, 2, out);
    out.push(b':');
    digits(second_of_day % 60, 2, out);
    out.push(b'.');
    digits(micros.rem_euclid(1_000_000).unsigned_abs(), 6, out);
    out.push(b'Z');
}

fn digits(number: u64, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut rest = number;
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        event::{Acceptance, Limits, parse},
        time::UnixMicros,
    };

    #[test]
    fn properties_stay_on_one_line() {
        let mut out = Vec::new();
        one_line("{\n  \"a\": \"x\\ny\"\r\n}", &mut out);
        assert_eq!(out, b"{  \"a\": \"x\\ny\"}");
    }

    prop_compose! {
        fn text(max: usize)(chars in prop::collection::vec(any::<char>(), 1..=max)) -> String {
            chars.into_iter().filter(|c| *c != '\0').chain(['x']).take(max).collect()
        }
    }

    prop_compose! {
        fn event()(
            id in any::<u128>(),
            age_us in 0..31_536_000_000_000_i64,
            user in text(128),
            page in text(2048),
            session in prop::option::of(text(128)),
            referrer in prop::option::of(text(40)),
            device in prop::option::of(text(32)),
            browser in prop::option::of(text(64)),
            value_micros in prop::option::of(any::<i64>()),
            duration_ms in prop::option::of(0..=i32::MAX),
        ) -> Event<'static> {
            Event {
                event_id: Uuid::from_u128(id),
                event_type: Cow::Borrowed("page_view"),
                occurred_at: UnixMicros(NOW.0 - age_us),
                user_id: Cow::Owned(user),
                session_id: session.map(Cow::Owned),
                page: Some(Cow::Owned(page)),
                referrer: referrer.map(Cow::Owned),
                country: Some(Cow::Borrowed("NP")),
                device: device.map(Cow::Owned),
                browser: browser.map(Cow::Owned),
                os: None,
                value_micros,
                duration_ms,
                properties: Some("{\"a\":[1,{\"b\":null}]}"),
            }
        }
    }

    const NOW: UnixMicros = UnixMicros(1_763_634_907_123_456);

    proptest! {
        #[test]
        fn what_is_written_is_read_back_equal(event in event()) {
            let mut json = Vec::new();
            encode_event(&event, &mut json);
            prop_assert!(!json.contains(&b'\n'));
            let acceptance = Acceptance { at: NOW, event_id: Uuid::nil() };
            prop_assert_eq!(parse(&json, acceptance, &Limits::default()), Ok(event));
        }

        #[test]
        fn times_are_written_as_jiff_reads_them(micros in -62_135_596_800_000_000_i64..253_402_300_799_000_000) {
            let mut out = Vec::new();
            rfc3339(micros, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(UnixMicros::parse_rfc3339(&text), Some(UnixMicros(micros)), "{}", text);
        }
    }
}
