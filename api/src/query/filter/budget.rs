//! How much the filters of one question may hold.

use super::{Filter, FilterError, MAX_PATTERNS, MAX_TESTS, Operator};

/// What the filters of a question may still hold: patterns all together, tests each for itself.
#[derive(Debug)]
pub struct Budget {
    tests: usize,
    patterns: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            tests: MAX_TESTS,
            patterns: MAX_PATTERNS,
        }
    }
}

impl Budget {
    /// Of a question that has this filter already.
    #[must_use]
    pub fn beside(filter: &Filter) -> Self {
        Self {
            patterns: MAX_PATTERNS.saturating_sub(filter.patterns()),
            ..Self::default()
        }
    }

    /// For the next filter.
    pub(super) fn next(&mut self) -> &mut Self {
        self.tests = MAX_TESTS;
        self
    }

    /// Takes one test of so many values, before its patterns are compiled.
    pub(super) fn take(&mut self, operator: Operator, values: usize) -> Result<(), FilterError> {
        let tests = self
            .tests
            .checked_sub(1)
            .ok_or_else(|| FilterError::new(format!("a filter has at most {MAX_TESTS} tests")))?;
        let patterns = match operator {
            Operator::Matches => values,
            _ => 0,
        };
        let patterns = self.patterns.checked_sub(patterns).ok_or_else(|| {
            FilterError::new(format!(
                "a question has at most {MAX_PATTERNS} regular expressions; join some of them with |"
            ))
        })?;
        *self = Self { tests, patterns };
        Ok(())
    }
}
