//! Timestamps as clients may write them.

use common::time::UnixMicros;

use crate::query::range::end_of_minute;

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

/// RFC 3339, unix seconds (whole or decimal), `now`, or `now-24h` with s, m, h, d or w.
///
/// `now` is the end of the running minute, so that ranges up to now hold whole minutes and
/// `now-60m` to `now` are 60 of them.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse(text: &str, now: UnixMicros) -> Result<UnixMicros, &'static str> {
    const SHAPE: &str =
        "must be RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>";
    if let Some(ago) = text.strip_prefix("now") {
        let end = end_of_minute(now);
        if ago.is_empty() {
            return Ok(end);
        }
        let ago = ago.strip_prefix('-').and_then(duration).ok_or(SHAPE)?;
        return Ok(UnixMicros(end.0 - ago));
    }
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return unix_seconds(text).ok_or(SHAPE);
    }
    // In a query a bare plus sign means a space: take it back where only an offset can be.
    let offset = text
        .len()
        .checked_sub(6)
        .filter(|at| text.as_bytes()[*at] == b' ');
    let restored = offset.map(|at| format!("{}+{}", &text[..at], &text[at + 1..]));
    UnixMicros::parse_rfc3339(restored.as_deref().unwrap_or(text)).ok_or(SHAPE)
}

/// Whether [`parse`] may have given it.
#[must_use]
pub fn is_moment(at: UnixMicros) -> bool {
    let first = jiff::Timestamp::MIN.as_microsecond();
    (first..(LAST_SECOND + 1) * 1_000_000).contains(&at.0)
}

/// A whole number with s, m, h, d or w, in microseconds; at most 100 years.
#[must_use]
pub fn duration(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds: i64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<i64>().ok()?.checked_mul(seconds)?;
    (seconds <= 100 * 366 * 86_400).then(|| seconds * 1_000_000)
}

fn unix_seconds(text: &str) -> Option<UnixMicros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds: i64 = whole
        .parse()
        .ok()
        .filter(|seconds| *seconds <= LAST_SECOND)?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    let micros = micros.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(UnixMicros(seconds * 1_000_000 + micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_exactly() {
        let now = UnixMicros::parse_rfc3339("2026-11-20T10:00:30Z").unwrap();
        let at = |text: &str| parse(text, now).map(UnixMicros::to_rfc3339);
        let right = [
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00+05:45", "2026-11-20T04:15:00Z"),
            ("2026-11-20T10:00:00 05:45", "2026-11-20T04:15:00Z"),
            ("1763634907", "2025-11-20T10:35:07Z"),
            ("1763634907.25", "2025-11-20T10:35:07.25Z"),
            ("1763634907.1234567", "2025-11-20T10:35:07.123456Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("now", "2026-11-20T10:01:00Z"),
            ("now-60m", "2026-11-20T09:01:00Z"),
            ("now-90s", "2026-11-20T09:59:30Z"),
            ("now-2w", "2026-11-06T10:01:00Z"),
        ];
        for (text, want) in right {
            assert_eq!(at(text), Ok(want.to_owned()), "{text}");
        }
        for wrong in [
            "",
            "yesterday",
            "now+1h",
            "now-",
            "now-1",
            "now-h",
            "now-1y",
            "now--1h",
            "now-é",
            "now-99999999999999999999d",
            "now-6000w",
            "now-9999999999999w",
            "1763634907.",
            ".5",
            "1.2.3",
            "99999999999999",
            "2026-11-20",
            "2026-11-20T10:00:00",
            "2026-13-20T10:00:00Z",
            "éééééé 1234é",
        ] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}
