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
        broken: None,
    };
    let mut json = serde_json::Deserializer::from_str(raw);
    match Node(&mut walk).deserialize(&mut json) {
        Ok(()) => Ok(()),
        Err(error) => Err(match walk.broken {
            Some((code, detail)) => violation(code, detail.into()),
            None => violation(Code::MalformedJson, error.to_string()),
        }),
    }
}

struct Walk {
    keys: u32,
    depth: u32,
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
