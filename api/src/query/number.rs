//! Numbers as answers show them.

use common::rollup::Distinct;

/// Millionths as a decimal without needless digits: `19.99`, `-0.000001`, `0`.
#[must_use]
pub fn decimal(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let magnitude = micros.unsigned_abs();
    let (whole, fraction) = (magnitude / 1_000_000, magnitude % 1_000_000);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:06}");
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// A distinct count: an estimate beyond a few hundred, but never above the number of events.
#[must_use]
pub fn distinct(set: &Distinct, events: u64) -> u64 {
    (set.estimate().round() as u64).min(events)
}

/// Three digits after the point are enough for milliseconds and rates.
#[must_use]
pub fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_short() {
        let cases = [
            (0, "0"),
            (19_990_000, "19.99"),
            (-1, "-0.000001"),
            (-3_000_000, "-3"),
            (i128::from(i64::MAX) * 10, "92233720368547.75807"),
        ];
        for (micros, want) in cases {
            assert_eq!(decimal(micros), want);
        }
    }
}
