//! Instants as the pipeline stores them: whole microseconds since the Unix epoch, UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use jiff::Timestamp;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMicros(pub i64);

impl UnixMicros {
    /// The wall clock, as this machine has it.
    #[must_use]
    pub fn now() -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    #[must_use]
    pub const fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(micros(by)))
    }

    #[must_use]
    pub const fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(micros(by)))
    }

    /// RFC 3339 in UTC, as short as it is exact: `2026-11-20T10:00:00.25Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        Timestamp::from_microsecond(self.0).map_or_else(|_| self.0.to_string(), |t| t.to_string())
    }

    /// Reads an RFC 3339 date-time; digits below the microsecond are cut off.
    ///
    /// # Errors
    /// `None` for anything that RFC 3339 section 5.6 doesn't allow, and outside years 1 to 9999.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() >= 20
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't')
            && bytes[13] == b':'
            && bytes[16] == b':'
            && has_offset(bytes);
        if !shaped {
            return None;
        }
        let timestamp: Timestamp = text.parse().ok()?;
        Some(Self(timestamp.as_microsecond()))
    }
}

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl UnixMicros {
    /// The instant as PostgreSQL's binary format has it.
    #[must_use]
    pub const fn to_postgres(self) -> i64 {
        self.0.saturating_sub(POSTGRES_EPOCH)
    }

    #[must_use]
    pub const fn from_postgres(micros: i64) -> Self {
        Self(micros.saturating_add(POSTGRES_EPOCH))
    }
}

type SqlError = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for UnixMicros {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, SqlError> {
        self.to_postgres().to_sql(&Type::INT8, out)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for UnixMicros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, SqlError> {
        i64::from_sql(&Type::INT8, raw).map(Self::from_postgres)
    }

    accepts!(TIMESTAMPTZ);
}

/// `Z` or `±hh:mm` at the end: jiff alone would also take `+05` and `[Europe/Berlin]`.
fn has_offset(bytes: &[u8]) -> bool {
    let [.., sign, _, _, colon, _, last] = bytes else {
        return false;
    };
    matches!(last, b'Z' | b'z') || (matches!(sign, b'+' | b'-') && *colon == b':')
}

const fn micros(duration: Duration) -> i64 {
    let micros = duration.as_micros();
    if micros > i64::MAX as u128 {
        i64::MAX
    } else {
        micros as i64
    }
}

#[cfg(test)]
mod tests {
    use super::UnixMicros;

    #[test]
    fn rfc3339_is_read_exactly() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:00.000001Z", Some(1)),
            ("1970-01-01T00:00:00.0000019Z", Some(1)),
            ("1970-01-01T05:45:00+05:45", Some(0)),
            ("1969-12-31t23:59:59z", Some(-1_000_000)),
            ("1970-01-01 00:00:00Z", None),
            ("1970-01-01T00:00Z", None),
            ("1970-01-01T00:00:00", None),
            ("1970-01-01T00:00:00+05", None),
            ("1970-01-01T00:00:00+00:00[UTC]", None),
            ("1970-02-30T00:00:00Z", None),
            ("now", None),
        ];
        for (text, want) in cases {
            assert_eq!(UnixMicros::parse_rfc3339(text).map(|t| t.0), want, "{text}");
        }
    }

    #[test]
    fn rfc3339_round_trip() {
        let at = UnixMicros(1_763_634_907_123_456);
        assert_eq!(UnixMicros::parse_rfc3339(&at.to_rfc3339()), Some(at));
    }
}
