//! A JSON string that borrows from its document unless it holds escapes.

use std::{borrow::Cow, fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, de};
use validator::ValidateLength;

/// `Option<Cow<str>>` would always be copied by serde; `Option<Text>` borrows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    /// A raw U+0000 isn't JSON, so only an escape can have brought one in.
    pub(super) fn has_nul(&self) -> bool {
        matches!(&self.0, Cow::Owned(text) if text.contains('\0'))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Visitor).map(Self)
    }
}

impl ValidateLength<u64> for Text<'_> {
    /// In characters, as the contract counts.
    fn length(&self) -> Option<u64> {
        // Most are ASCII, which is faster to see than to count.
        let characters = if self.is_ascii() {
            self.len()
        } else {
            self.chars().count()
        };
        Some(characters as u64)
    }
}
