//! An event with an id of its sender's.

use std::fmt::Write as _;

use common::time::UnixMicros;
use uuid::Uuid;

use crate::scenario::Draw;

const TYPES: [&str; 5] = ["page_view", "click", "search", "login", "purchase"];
const COUNTRIES: [&str; 6] = ["DE", "FR", "US", "NP", "BR", "JP"];
const DEVICES: [&str; 3] = ["desktop", "mobile", "tablet"];

/// An id that the database sorts anywhere, as those of foreign programs do.
pub(super) fn id(draw: &mut Draw) -> Uuid {
    let (high, low) = (draw.number(0..u64::MAX), draw.number(0..u64::MAX));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Appends one that happens now, without a line feed.
pub(super) fn write(id: Uuid, draw: &mut Draw, out: &mut String) {
    let kind = draw.pick(&TYPES);
    let user = draw.number(0..3_000);
    let written = write!(
        out,
        "{{\"event_id\":\"{id}\",\"event_type\":\"{kind}\",\"occurred_at\":\"{}\",\
         \"user_id\":\"u{user}\",\"session_id\":\"s{user}-{}\",\"page\":\"/p/{}\",\
         \"country\":\"{}\",\"device\":\"{}\",\"value\":{}.{:02},\"duration_ms\":{}}}",
        UnixMicros::now().to_rfc3339(),
        user % 7,
        draw.number(0..200),
        draw.pick(&COUNTRIES),
        draw.pick(&DEVICES),
        draw.number(0..90),
        draw.number(0..100),
        draw.number(0..30_000),
    );
    debug_assert!(written.is_ok(), "a string takes everything");
}
