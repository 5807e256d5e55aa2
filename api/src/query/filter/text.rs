//! Filters as query strings hold them: `country:is:DE|FR`, short `country:DE`, or a JSON tree.

use serde_json::Value;

use super::{Budget, Field, Filter, FilterError, Operator, Test};

impl Filter {
    /// All of them; none: everything.
    ///
    /// # Errors
    /// As [`Self::from_json`], and for what is neither form.
    pub fn from_query<'q>(filters: impl IntoIterator<Item = &'q str>) -> Result<Self, FilterError> {
        Self::from_query_within(&mut Budget::default(), filters)
    }

    /// # Errors
    /// As [`Self::from_query`], and for more than is left.
    pub fn from_query_within<'q>(
        budget: &mut Budget,
        filters: impl IntoIterator<Item = &'q str>,
    ) -> Result<Self, FilterError> {
        let budget = budget.next();
        let mut all = Self::everything();
        for text in filters {
            all = all.and(one(budget, text)?);
        }
        Ok(all)
    }
}

fn one(budget: &mut Budget, text: &str) -> Result<Filter, FilterError> {
    if text.starts_with('[') {
        let tree: Value = serde_json::from_str(text)
            .map_err(|error| FilterError::new(format!("not JSON: {error}")))?;
        return Filter::from_tree(budget, &tree);
    }
    let Some((field, rest)) = text.split_once(':') else {
        let detail = "a filter is <field>:<value> such as country:DE, <field>:<is|is_not|contains|matches|in>:<value>|<value>, or a JSON tree";
        return Err(FilterError::new(detail));
    };
    let field = Field::parse(field)?;
    let named = rest.split_once(':');
    let operator = named.and_then(|(name, values)| Some((Operator::parse(name)?, values)));
    let (operator, values) = match operator {
        Some((operator, values)) => (operator, alternatives(values)),
        None => (Operator::Is, vec![rest.to_owned()]),
    };
    Test::within(budget, field, operator, values).map(Filter::Test)
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
