//! Events by number: the same number is the same event, in one process.

use std::{sync::LazyLock, time::Duration};

use common::{rollup::Tier, time::UnixMicros};

/// A whole minute a little before the test began: too young for coarser tiers.
pub(crate) fn base() -> UnixMicros {
    static BASE: LazyLock<UnixMicros> = LazyLock::new(|| {
        let began = UnixMicros::now().saturating_sub(Duration::from_secs(4 * 60));
        Tier::Minute.bucket(began)
    });
    *BASE
}

/// `seconds` after [`base`]; before it where negative.
pub(crate) fn instant(seconds: i64) -> UnixMicros {
    UnixMicros(base().0 + seconds * 1_000_000)
}

pub(crate) fn at(seconds: i64) -> String {
    instant(seconds).to_rfc3339()
}

/// `seconds` into the first of the last two days that can be built: yesterday can't for twenty minutes.
pub(crate) fn two_days_ago(seconds: i64) -> UnixMicros {
    let today = Tier::Day.bucket(base().saturating_sub(Duration::from_secs(20 * 60)));
    UnixMicros(today.0 + (seconds - 2 * Tier::Day.seconds()) * 1_000_000)
}

/// Spread over three minutes.
pub(crate) fn event(n: u32) -> String {
    event_at(n, &at(i64::from(n % 180)))
}

pub(crate) fn events(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(event).collect()
}

pub(crate) fn event_at(n: u32, occurred_at: &str) -> String {
    event_with(n, occurred_at, "")
}

/// `more` is appended as it is: `,"os":"x"`.
pub(crate) fn event_with(n: u32, occurred_at: &str, more: &str) -> String {
    let kind = ["page_view", "click", "purchase"][n as usize % 3];
    let (user, session, page) = (n % 50, n % 70, n % 20);
    let (value, duration) = (n % 100, n % 5_000);
    format!(
        r#"{{"event_id":"00000000-0000-7000-8000-{n:012x}","event_type":"{kind}","occurred_at":"{occurred_at}","user_id":"u{user}","session_id":"s{session}","page":"/p{page}","country":"DE","value":{value}.25,"duration_ms":{duration}{more}}}"#
    )
}
