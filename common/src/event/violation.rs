//! Why an event was refused, in words a program and a person can use.

use std::{borrow::Cow, fmt};

use serde::Serialize;

/// The reason codes of the contract. They are stored in `dead_letters.reason`, sent in the
/// collector's answers, and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The entry has neither an `event` nor a `batch` field.
    NoPayload,
    /// The entry as a whole is larger than any that is taken apart (see [`crate::wire`]).
    EntryTooLarge,
    /// Not JSON, or not UTF-8.
    MalformedJson,
    /// JSON, but not an object.
    NotAnObject,
    UnknownField,
    DuplicateField,
    InvalidType,
    Required,
    TooShort,
    TooLong,
    InvalidFormat,
    OutOfRange,
    TooOld,
    TooFarInFuture,
    /// U+0000, which PostgreSQL can't store in text.
    NulCharacter,
    TooManyKeys,
    TooDeep,
    /// Accepted by every rule and refused by the database.
    RejectedByDatabase,
    /// The decoder panicked on it.
    DecoderFault,
}

impl Code {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPayload => "no_payload",
            Self::EntryTooLarge => "entry_too_large",
            Self::MalformedJson => "malformed_json",
            Self::NotAnObject => "not_an_object",
            Self::UnknownField => "unknown_field",
            Self::DuplicateField => "duplicate_field",
            Self::InvalidType => "invalid_type",
            Self::Required => "required",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::InvalidFormat => "invalid_format",
            Self::OutOfRange => "out_of_range",
            Self::TooOld => "too_old",
            Self::TooFarInFuture => "too_far_in_future",
            Self::NulCharacter => "nul_character",
            Self::TooManyKeys => "too_many_keys",
            Self::TooDeep => "too_deep",
            Self::RejectedByDatabase => "rejected_by_database",
            Self::DecoderFault => "decoder_fault",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where, as a JSON pointer (RFC 6901) into the event; empty for the event as a whole.
    pub pointer: String,
    pub code: Code,
    /// What is wrong and what would be right, for a person.
    pub detail: Cow<'static, str>,
}

impl Violation {
    pub(crate) fn whole(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            pointer: String::new(),
            code,
            detail: detail.into(),
        }
    }

    pub(crate) fn field(name: &str, code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            code,
            detail: detail.into(),
        }
    }
}

/// Every rule an event breaks; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// A single violation of the entry as a whole.
    #[must_use]
    pub fn whole(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![Violation::whole(code, detail)])
    }

    /// The list must not be empty.
    pub(super) fn new(list: Vec<Violation>) -> Self {
        debug_assert!(!list.is_empty());
        Self(list)
    }

    /// `None` where nothing is wrong.
    pub(crate) fn from_list(list: Vec<Violation>) -> Option<Self> {
        (!list.is_empty()).then_some(Self(list))
    }

    /// The reason under which the event is counted: the first violation's.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0[0].code
    }

    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.0.iter().enumerate() {
            let gap = if i == 0 { "" } else { "; " };
            write!(f, "{gap}{}: {}", violation.code, violation.detail)?;
            if !violation.pointer.is_empty() {
                write!(f, " (at {})", violation.pointer)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
