//! Bounds on the free-form part of an event, checked without building a tree.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::violation::{Code, Violation};

/// Bytes of the object as it was sent.
pub const MAX_PROPERTIES_BYTES: usize = 8 * 1024;
/// Keys in all, nested ones included.
pub const MAX_PROPERTIES_KEYS: u32 = 64;
/// Levels of objects and arrays; the properties object itself is the first.
pub const MAX_PROPERTIES_DEPTH: u32 = 5;
/// Decimals of a number, and its exponent at most. PostgreSQL takes 16,383 decimals and writes
/// them all out again: an event of 8 KiB would be read as one of 15 MB.
pub const MAX_PROPERTIES_DECIMALS: i64 = 1_000;

/// Checks the raw JSON of `properties`.
pub(super) fn check(raw: &str) -> Result<(), Violation> {
    let violation = |code, detail: String| Violation::field("properties", code, detail);
    if !raw.starts_with('{') {
        return Err(violation(Code::InvalidType, "must be an object".into()));
    }
    if raw.len() > MAX_PROPERTIES_BYTES {
        let detail = format!("{} bytes; at most {MAX_PROPERTIES_BYTES}", raw.len());
        return Err(violation(Code::TooLong, detail));
    }
    let mut walk = Walk {
        keys: 0,
        depth: 0,
        fractions: false,
        broken: None,
    };
    let mut json = serde_json::Deserializer::from_str(raw);
    match Node(&mut walk).deserialize(&mut json) {
        Ok(()) if walk.fractions && !numbers(raw).all(is_storable) => {
            let detail = "holds a number of more than 1,000 decimals or with a larger exponent";
            Err(violation(Code::OutOfRange, detail.into()))
        }
        Ok(()) => Ok(()),
        Err(error) => Err(match walk.broken {
            Some((code, detail)) => violation(code, detail.into()),
            None => violation(Code::MalformedJson, error.to_string()),
        }),
    }
}

/// The numbers of a JSON text, as they are written.
fn numbers(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        loop {
            let begin = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?;
            rest = &rest[begin..];
            if let Some(text) = rest.strip_prefix('"') {
                rest = after_string(text);
                continue;
            }
            let is_of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
            let end = rest.find(|c| !is_of_number(c)).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            rest = after;
            return Some(number);
        }
    })
}

/// What follows the string whose first quotation mark has been read.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or("", |end| &text[end + 1..])
}

fn is_storable(number: &str) -> bool {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let Ok(exponent) = exponent.parse::<i64>() else {
        return false;
    };
    let fraction = mantissa.split_once('.').map_or("", |(_, digits)| digits);
    // The text has at most MAX_PROPERTIES_BYTES.
    let decimals = (fraction.len() as i64).saturating_sub(exponent);
    decimals <= MAX_PROPERTIES_DECIMALS && exponent <= MAX_PROPERTIES_DECIMALS
}

struct Walk {
    keys: u32,
    depth: u32,
    /// Some number is no whole number of 64 bits.
    fractions: bool,
    broken: Option<(Code, &'static str)>,
}

impl Walk {
    fn refuse<E: de::Error>(&mut self, code: Code, detail: &'static str) -> E {
        self.broken = Some((code, detail));
        E::custom(detail)
    }

    fn text<E: de::Error>(&mut self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(self.refuse(Code::NulCharacter, "holds the character U+0000"));
        }
        Ok(())
    }

    fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > MAX_PROPERTIES_DEPTH {
            return Err(self.refuse(Code::TooDeep, "nested more than 5 levels deep"));
        }
        Ok(())
    }

    fn key<E: de::Error>(&mut self) -> Result<(), E> {
        self.keys += 1;
        if self.keys > MAX_PROPERTIES_KEYS {
            return Err(self.refuse(Code::TooManyKeys, "more than 64 keys"));
        }
        Ok(())
    }
}

struct Node<'w>(&'w mut Walk);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.0.fractions = true;
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.0.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.0.enter()?;
        while seq.next_element_seed(Node(self.0))?.is_some() {}
        self.0.depth -= 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.enter()?;
        while map.next_key_seed(Node(self.0))?.is_some() {
            self.0.key()?;
            map.next_value_seed(Node(self.0))?;
        }
        self.0.depth -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(raw: &str) -> Option<Code> {
        check(raw).err().map(|violation| violation.code)
    }

    #[test]
    fn numbers_that_the_database_does_not_take_are_refused() {
        let digits = |count: usize| "7".repeat(count);
        for number in [
            "1e-20000",
            "-1E-16384",
            "0e-20000",
            "0e2000000000",
            "0.0e+1001",
            "1e-1001",
            "1.5e-1000",
            "1e-99999999999999999999",
            "0e99999999999999999999",
            &format!("0.{}", digits(1_001)),
        ] {
            for raw in [
                format!(r#"{{"a":{number}}}"#),
                format!(r#"{{"b\\":"\"","c":[1,{number} ,2]}}"#),
            ] {
                assert_eq!(code(&raw), Some(Code::OutOfRange), "{raw}");
            }
        }
        for number in [
            "0",
            "-0.0",
            "1e308",
            "1e-1000",
            "1.5e-999",
            "4.9406564584124654e-324",
            "0.5E+3",
            "0e1000",
            "18446744073709551616",
            &digits(300),
            &format!("0.{}", digits(1_000)),
        ] {
            let raw = format!(r#"{{"a":[{number}],"b":{number}}}"#);
            assert_eq!(code(&raw), None, "{raw}");
        }
    }

    #[test]
    fn what_looks_like_a_number_in_a_string_is_none() {
        for raw in [
            r#"{"a":"1e-20000","b":0.5}"#,
            r#"{"1e-20000":0.5}"#,
            r#"{"a":"\"1e-20000","b":0.5}"#,
            r#"{"a":"\\","b":"1e-20000","c":0.5}"#,
            r#"{"a":"é\\\"","b":0.5,"c":"-1e-20000"}"#,
        ] {
            assert_eq!(code(raw), None, "{raw}");
        }
        assert_eq!(
            numbers(r#"{"a1":-1,"b":"2","c":[3.5e-4,{"d":5}]}"#).collect::<Vec<_>>(),
            ["-1", "3.5e-4", "5"]
        );
    }
}
