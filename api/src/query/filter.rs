//! Filters: a tree of tests on the fields of an event, as a client wrote it, and its uses. An
//! absent field has the value `""`.

mod budget;
mod field;
mod json;
mod sql;
mod text;

use common::rollup::{Dimension, OTHER, key_value};
use serde_json::{Value, json};

pub use self::{budget::Budget, field::Field};
use super::pattern::Pattern;

/// Levels of `and`, `or` and `not` above a test, itself counted.
pub const MAX_DEPTH: usize = 8;
/// Tests of one filter; `filter` that comes several times is one.
pub const MAX_TESTS: usize = 64;
/// Values of one test.
pub const MAX_VALUES: usize = 100;
pub const MAX_VALUE_BYTES: usize = 2_048;
/// Regular expressions in all filters of a question together: each may take some hundred KiB
/// once it is compiled.
pub const MAX_PATTERNS: usize = 20;

/// Why something isn't a filter or a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct FilterError {
    /// What was wrong, where, and what would be right.
    pub detail: String,
    /// What may stand there instead; empty where that isn't a list of names.
    pub allowed: Vec<&'static str>,
}

impl FilterError {
    fn new(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            allowed: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal to one of the values.
    Is,
    /// Equal to none of them.
    IsNot,
    /// Holds one of them, letter by letter.
    Contains,
    /// Found by one of them, regular expressions.
    Matches,
}

impl Operator {
    /// What [`Self::parse`] takes.
    pub const NAMES: [&'static str; 5] = ["is", "is_not", "contains", "matches", "in"];

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "is" | "in" => Some(Self::Is),
            "is_not" => Some(Self::IsNot),
            "contains" => Some(Self::Contains),
            "matches" => Some(Self::Matches),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is_not",
            Self::Contains => "contains",
            Self::Matches => "matches",
        }
    }
}

/// One field against some values, of which there is at least one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Test {
    pub field: Field,
    pub operator: Operator,
    /// Sorted, each once.
    pub values: Vec<String>,
    /// The values of `matches`, ready to be used.
    patterns: Vec<Pattern>,
}

impl Test {
    /// # Errors
    /// No value or too many, one that is too long or holds NUL, a pattern that isn't one, or more
    /// than is left.
    fn within(
        budget: &mut Budget,
        field: Field,
        operator: Operator,
        values: Vec<String>,
    ) -> Result<Self, FilterError> {
        budget.take(operator, values.len())?;
        Self::new(field, operator, values)
    }

    /// # Errors
    /// No value or too many, one that is too long or holds NUL, a pattern that isn't one.
    pub fn new(
        field: Field,
        operator: Operator,
        mut values: Vec<String>,
    ) -> Result<Self, FilterError> {
        let of = |why: String| FilterError::new(format!("{} of {field} {why}", operator.as_str()));
        if values.is_empty() || values.len() > MAX_VALUES {
            let why = format!("has {} values; it takes 1 to {MAX_VALUES}", values.len());
            return Err(of(why));
        }
        if let Some(long) = values.iter().find(|value| value.len() > MAX_VALUE_BYTES) {
            let why = format!(
                "has a value of {} bytes; at most {MAX_VALUE_BYTES} are compared",
                long.len()
            );
            return Err(of(why));
        }
        if values.iter().any(|value| value.contains('\0')) {
            return Err(of(
                "has a value with a NUL character, which no event can hold".into(),
            ));
        }
        values.sort_unstable();
        values.dedup();
        let patterns = match operator {
            Operator::Matches => values.iter().map(|value| Pattern::new(value)).collect(),
            _ => Ok(Vec::new()),
        };
        let patterns = patterns.map_err(|why| of(why.to_string()))?;
        Ok(Self {
            field,
            operator,
            values,
            patterns,
        })
    }

    /// Whether a field of this value passes; long values also under their shortened key.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        let mut wanted = self.values.iter();
        let is = |wanted: &String| wanted == value || *key_value(wanted) == *value;
        match self.operator {
            Operator::Is => wanted.any(is),
            Operator::IsNot => !wanted.any(is),
            Operator::Contains => wanted.any(|part| value.contains(part.as_str())),
            Operator::Matches => self.patterns.iter().any(|pattern| pattern.is_in(value)),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Each of them; none: every event passes.
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Test(Test),
}

impl Filter {
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// One value of one field.
    ///
    /// # Errors
    /// As [`Test::new`].
    pub fn is(field: Field, value: &str) -> Result<Self, FilterError> {
        Test::new(field, Operator::Is, vec![value.to_owned()]).map(Self::Test)
    }

    /// Both, without needless nesting.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let parts = |filter| match filter {
            Self::All(parts) => parts,
            one => vec![one],
        };
        let mut all = parts(self);
        all.extend(parts(other));
        match <[Self; 1]>::try_from(all) {
            Ok([one]) => one,
            Err(all) => Self::All(all),
        }
    }

    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.iter().all(Self::is_everything))
    }

    fn tests(&self) -> Vec<&Test> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Not(part) => part.tests(),
            Self::Test(test) => vec![test],
        }
    }

    /// Regular expressions in it.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.tests().iter().map(|test| test.patterns.len()).sum()
    }

    /// The only dimension that is tested; [`Dimension::All`] where nothing is. `None`: the
    /// filter needs the events themselves.
    #[must_use]
    pub fn in_one_dimension(&self) -> Option<Dimension> {
        let tests = self.tests();
        let Some(first) = tests.first() else {
            return Some(Dimension::All);
        };
        let dimension = first.field.dimension()?;
        let same = |test: &&Test| test.field.dimension() == Some(dimension);
        tests.iter().all(same).then_some(dimension)
    }

    /// For a filter [`Self::in_one_dimension`]: whether events with this value in it pass.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(value)),
            Self::Not(part) => !part.holds(value),
            Self::Test(test) => test.holds(value),
        }
    }

    /// `(other)` is asked for by its name: it stands for whatever rollups don't tell apart.
    #[must_use]
    pub fn names_other(&self) -> bool {
        let named = |test: &&Test| test.values.iter().any(|value| value == OTHER);
        self.tests().iter().any(named)
    }

    /// Some test looks into values, so that a shortened one doesn't do.
    #[must_use]
    pub fn looks_into_values(&self) -> bool {
        let looks = |test: &&Test| matches!(test.operator, Operator::Contains | Operator::Matches);
        self.tests().iter().any(looks)
    }

    /// As [`Self::from_json`] reads it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let list = |parts: &[Self]| parts.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::All(parts) => json!(["and", list(parts)]),
            Self::Any(parts) => json!(["or", list(parts)]),
            Self::Not(part) => json!(["not", part.to_json()]),
            Self::Test(test) => {
                json!([test.operator.as_str(), test.field.name(), test.values])
            }
        }
    }
}

#[cfg(test)]
mod tests;
