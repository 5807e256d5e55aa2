//! The fields of an event, by their names.

use std::{borrow::Cow, fmt};

use common::rollup::Dimension;

use super::FilterError;

/// Names in `properties.a.b.c`: deeper than properties can be.
const MAX_PATH: usize = 8;
const MAX_PATH_BYTES: usize = 256;

/// What an event is tested or grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// Any but [`Dimension::All`].
    Dimension(Dimension),
    UserId,
    SessionId,
    /// The names from the outside in.
    Property(Vec<String>),
}

impl Field {
    /// What [`Self::parse`] takes, `properties.<path>` standing for all properties.
    pub const NAMES: [&'static str; 10] = [
        "event_type",
        "page",
        "referrer",
        "country",
        "device",
        "browser",
        "os",
        "user_id",
        "session_id",
        "properties.<path>",
    ];

    /// # Errors
    /// Not a field, or a path of properties that is empty, too deep or too long.
    pub fn parse(name: &str) -> Result<Self, FilterError> {
        match name {
            "user_id" => return Ok(Self::UserId),
            "session_id" => return Ok(Self::SessionId),
            _ => {}
        }
        if let Some(path) = name.strip_prefix("properties.") {
            let names: Vec<String> = path.split('.').map(str::to_owned).collect();
            let fits = names.len() <= MAX_PATH && path.len() <= MAX_PATH_BYTES;
            if fits && !names.iter().any(String::is_empty) && !path.contains('\0') {
                return Ok(Self::Property(names));
            }
            return Err(FilterError::new(format!(
                "{name:?} is not a path of properties: 1 to {MAX_PATH} names joined by dots, at most {MAX_PATH_BYTES} bytes"
            )));
        }
        let known = name.parse().ok();
        known
            .filter(|dimension| *dimension != Dimension::All)
            .map(Self::Dimension)
            .ok_or_else(|| FilterError {
                detail: format!(
                    "{name:?} is not a field; there are: {}",
                    Self::NAMES.join(", ")
                ),
                allowed: Self::NAMES.to_vec(),
            })
    }

    /// As [`Self::parse`] reads it.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Dimension(dimension) => dimension.as_str().into(),
            Self::UserId => "user_id".into(),
            Self::SessionId => "session_id".into(),
            Self::Property(path) => format!("properties.{}", path.join(".")).into(),
        }
    }

    /// The dimension of the rollups that holds it.
    #[must_use]
    pub const fn dimension(&self) -> Option<Dimension> {
        match self {
            Self::Dimension(dimension) => Some(*dimension),
            _ => None,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
