//! Events that break the contract, each in its own way, with the reason code expected.

use common::time::UnixMicros;
use uuid::Uuid;

const NOBODY: &str = ",\"user_id\":\"\"}";

/// The ways: the end of an object that holds a good event but for it, which is what makes it
/// bad, and the reason.
const WAYS: [(&str, &str); 14] = [
    (",\"page\":\"/cut", "malformed_json"),
    (",\"colour\":\"red\"}", "unknown_field"),
    (",\"user_id\":\"twice\"}", "duplicate_field"),
    (",\"duration_ms\":\"long\"}", "invalid_type"),
    (",\"session_id\":7}", "invalid_type"),
    (NOBODY, "too_short"),
    (",\"country\":\"Germany\"}", "invalid_format"),
    (",\"value\":1.2345678}", "invalid_format"),
    (",\"duration_ms\":-1}", "out_of_range"),
    (",\"page\":\"/nul\\u0000\"}", "nul_character"),
    (
        ",\"properties\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":1}}}}}}}",
        "too_deep",
    ),
    (
        ",\"device\":\"a device whose name is far too long\"}",
        "too_long",
    ),
    (",\"occurred_at\":\"2001-01-01T00:00:00Z\"}", "too_old"),
    (
        ",\"occurred_at\":\"2100-01-01T00:00:00Z\"}",
        "too_far_in_future",
    ),
];

pub(super) const COUNT: u64 = WAYS.len() as u64;

/// The payload of this way to be wrong, which no other event has, and its reason.
pub(super) fn make(way: u64, id: Uuid) -> (Vec<u8>, &'static str) {
    let (end, reason) = WAYS[way as usize % WAYS.len()];
    let time = match end.contains("occurred_at") {
        true => String::new(),
        false => format!("\"occurred_at\":\"{}\",", UnixMicros::now().to_rfc3339()),
    };
    let user = match end {
        NOBODY => "",
        _ => ",\"user_id\":\"poison\"",
    };
    let text = format!("{{\"event_id\":\"{id}\",{time}\"event_type\":\"login\"{user}{end}");
    (text.into_bytes(), reason)
}

#[cfg(test)]
mod tests {
    use common::event::{Acceptance, Limits, parse};

    use super::*;

    #[test]
    fn each_is_wrong_for_its_reason() {
        for way in 0..COUNT {
            let id = Uuid::new_v4();
            let (payload, reason) = make(way, id);
            let acceptance = Acceptance {
                at: UnixMicros::now(),
                event_id: id,
            };
            let violations = parse(&payload, acceptance, &Limits::default()).unwrap_err();
            let codes: Vec<_> = violations
                .as_slice()
                .iter()
                .map(|v| v.code.as_str())
                .collect();
            assert_eq!(codes, [reason], "{}", String::from_utf8_lossy(&payload));
        }
    }
}
