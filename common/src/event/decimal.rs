//! Money and other decimals, exact to the millionth.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;

/// A decimal in millionths: `19.99` is 19 990 000. About ±9.2 × 10¹² whole units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Micros(pub i64);

const DECIMALS: i32 = 6;
const MAX_TEXT: usize = 64;

impl Micros {
    /// Reads a JSON number (or the same digits as a string) without going through a float.
    ///
    /// # Errors
    /// A sentence that says what is wrong: not a decimal, more than 6 decimals, out of range.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "not a decimal number";
        if text.len() > MAX_TEXT {
            return Err("more digits than a value may have");
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| SHAPE)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(SHAPE);
        }
        if digits.contains('.') && fraction.is_empty() {
            return Err(SHAPE);
        }
        let shift = DECIMALS
            .saturating_add(exponent)
            .saturating_sub(i32::try_from(fraction.len()).unwrap_or(i32::MAX));
        let magnitude = scale(whole, fraction, shift)?;
        let signed = if negative { -magnitude } else { magnitude };
        i64::try_from(signed).map(Self).map_err(|_| OUT_OF_RANGE)
    }
}

const OUT_OF_RANGE: &str = "beyond ±9223372036854.775807";

fn scale(whole: &str, fraction: &str, shift: i32) -> Result<i128, &'static str> {
    let mut magnitude: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        magnitude = magnitude
            .checked_mul(10)
            .and_then(|m| m.checked_add(i128::from(digit - b'0')))
            .ok_or(OUT_OF_RANGE)?;
    }
    if magnitude == 0 {
        return Ok(0);
    }
    if shift < 0 {
        let unit = 10_i128
            .checked_pow(shift.unsigned_abs())
            .ok_or("more than 6 decimals")?;
        return if magnitude % unit == 0 {
            Ok(magnitude / unit)
        } else {
            Err("more than 6 decimals")
        };
    }
    10_i128
        .checked_pow(shift.unsigned_abs())
        .and_then(|unit| magnitude.checked_mul(unit))
        .ok_or(OUT_OF_RANGE)
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let digits = raw
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(raw);
        Self::parse(digits).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Micros;

    #[test]
    fn decimals_are_exact() {
        let cases = [
            ("0", Ok(0)),
            ("-0.0", Ok(0)),
            ("19.99", Ok(19_990_000)),
            ("-0.000001", Ok(-1)),
            ("1.0000000", Ok(1_000_000)),
            ("1e3", Ok(1_000_000_000)),
            ("1.5E-3", Ok(1_500)),
            ("9223372036854.775807", Ok(i64::MAX)),
            ("0.1", Ok(100_000)),
        ];
        for (text, want) in cases {
            assert_eq!(Micros::parse(text).map(|m| m.0), want, "{text}");
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        for text in [
            "0.0000001",
            "0.30000000000000004",
            "1e-7",
            "9223372036854.775808",
            "1e99",
            "1e2147483647",
            "1e-2147483648",
            "",
            "-",
            "1.",
            ".5",
            "1,5",
            "NaN",
            "true",
            "+1",
            "0x10",
        ] {
            assert!(Micros::parse(text).is_err(), "{text}");
        }
        assert!(Micros::parse(&"9".repeat(65)).is_err());
    }
}
