//! Filters as query strings hold them: `country:is:DE|FR`, short `country:DE`, or a JSON tree.

use serde_json::Value;

use super::{
    Field, Filter, FilterError, MAX_PATTERNS, MAX_TESTS, Operator, Test, too_many_patterns,
};

impl Filter {
    /// All of them; none: everything.
    ///
    /// # Errors
    /// As [`Self::from_json`], and for what is neither form.
    pub fn from_query<'q>(filters: impl IntoIterator<Item = &'q str>) -> Result<Self, FilterError> {
        let mut all = Self::everything();
        for text in filters {
            all = all.and(one(text)?);
            let tests = all.tests();
            if tests.len() > MAX_TESTS {
                let detail = format!("a question has at most {MAX_TESTS} tests");
                return Err(FilterError::new(detail));
            }
            if tests.iter().map(|test| test.patterns.len()).sum::<usize>() > MAX_PATTERNS {
                return Err(too_many_patterns());
            }
        }
        Ok(all)
    }
}

fn one(text: &str) -> Result<Filter, FilterError> {
    if text.starts_with('[') {
        let tree: Value = serde_json::from_str(text)
            .map_err(|error| FilterError::new(format!("not JSON: {error}")))?;
        return Filter::from_json(&tree);
    }
    let Some((field, rest)) = text.split_once(':') else {
        let detail = "a filter is <field>:<value> such as country:DE, <field>:<is|is_not|contains|matches|in>:<value>|<value>, or a JSON tree";
        return Err(FilterError::new(detail));
    };
    let field = Field::parse(field)?;
    let named = rest.split_once(':');
    let operator = named.and_then(|(name, values)| Some((Operator::parse(name)?, values)));
    match operator {
        Some((operator, values)) => Test::new(field, operator, alternatives(values)),
        None => Test::new(field, Operator::Is, vec![rest.to_owned()]),
    }
    .map(Filter::Test)
}

/// `a|b\|c` is `a` and `b|c`; a backslash before anything else is itself.
fn alternatives(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = || {
            letters
                .clone()
                .peek()
                .copied()
                .filter(|next| matches!(next, '|' | '\\'))
        };
        match letter {
            '|' => values.push(String::new()),
            '\\' if escaped().is_some() => {
                let next = letters.next();
                if let Some(value) = values.last_mut() {
                    value.extend(next);
                }
            }
            letter => {
                if let Some(value) = values.last_mut() {
                    value.push(letter);
                }
            }
        }
    }
    values
}
