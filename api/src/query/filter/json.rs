//! The tree as JSON: `["is", "country", ["DE"]]`, `["and", [f, …]]`, `["or", [f, …]]`, `["not", f]`.

use serde_json::Value;

use super::{Budget, Field, Filter, FilterError, MAX_DEPTH, Operator, Test};

const SHAPE: &str = "a filter is [\"is\"|\"is_not\"|\"contains\"|\"matches\"|\"in\", field, [values]], \
                     [\"and\"|\"or\", [filters]] or [\"not\", filter]";

impl Filter {
    /// # Errors
    /// Says where in the tree (as a JSON pointer) something is wrong, and what would be right.
    pub fn from_json(tree: &Value) -> Result<Self, FilterError> {
        Self::from_json_within(&mut Budget::default(), tree)
    }

    /// # Errors
    /// As [`Self::from_json`], and for more than is left.
    pub fn from_json_within(budget: &mut Budget, tree: &Value) -> Result<Self, FilterError> {
        Self::from_tree(budget.next(), tree)
    }

    pub(super) fn from_tree(budget: &mut Budget, tree: &Value) -> Result<Self, FilterError> {
        Reader::new(budget).filter(tree, 1)
    }

    /// All of them; none: everything.
    ///
    /// # Errors
    /// As [`Self::from_json`]; the bound on tests is for all together.
    pub fn all_from_json(trees: &[Value]) -> Result<Self, FilterError> {
        let mut budget = Budget::default();
        let mut reader = Reader::new(&mut budget);
        let mut all = Self::everything();
        for (at, tree) in trees.iter().enumerate() {
            all = all.and(reader.within(at, |reader| reader.filter(tree, 1))?);
        }
        Ok(all)
    }
}

struct Reader<'b> {
    /// Indices from the outermost list to the one at hand.
    place: Vec<usize>,
    budget: &'b mut Budget,
}

impl<'b> Reader<'b> {
    fn new(budget: &'b mut Budget) -> Self {
        Self {
            place: Vec::new(),
            budget,
        }
    }

    fn wrong(&self, error: FilterError) -> FilterError {
        if self.place.is_empty() {
            return error;
        }
        let pointer: String = self.place.iter().map(|at| format!("/{at}")).collect();
        FilterError {
            detail: format!("at {pointer}: {}", error.detail),
            ..error
        }
    }

    fn refuse<T>(&self, detail: impl Into<String>) -> Result<T, FilterError> {
        Err(self.wrong(FilterError::new(detail)))
    }

    fn within<T>(
        &mut self,
        at: usize,
        read: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        self.place.push(at);
        let read = read(self);
        self.place.pop();
        read
    }

    fn filter(&mut self, tree: &Value, depth: usize) -> Result<Filter, FilterError> {
        if depth > MAX_DEPTH {
            return self.refuse(format!("filters nest at most {MAX_DEPTH} deep"));
        }
        let Some([Value::String(name), rest @ ..]) = tree.as_array().map(Vec::as_slice) else {
            return self.refuse(SHAPE);
        };
        match (name.as_str(), rest) {
            ("and", [parts]) => self.parts(parts, depth).map(Filter::All),
            ("or", [parts]) => self.parts(parts, depth).map(Filter::Any),
            ("not", [part]) => {
                let part = self.within(1, |reader| reader.filter(part, depth + 1))?;
                Ok(Filter::Not(Box::new(part)))
            }
            (name, [field, values]) if Operator::parse(name).is_some() => {
                self.test(name, field, values)
            }
            ("and" | "or" | "not", _) => self.refuse(SHAPE),
            (name, _) if Operator::parse(name).is_some() => self.refuse(SHAPE),
            (name, _) => Err(self.wrong(FilterError {
                detail: format!("{name:?} is not an operator; {SHAPE}"),
                allowed: ["and", "or", "not"]
                    .into_iter()
                    .chain(Operator::NAMES)
                    .collect(),
            })),
        }
    }

    fn parts(&mut self, parts: &Value, depth: usize) -> Result<Vec<Filter>, FilterError> {
        let parts = parts.as_array().filter(|parts| !parts.is_empty());
        let Some(parts) = parts else {
            return self.refuse("and and or take a list of at least one filter");
        };
        self.within(1, |reader| {
            let parts = parts.iter().enumerate();
            parts
                .map(|(at, part)| reader.within(at, |reader| reader.filter(part, depth + 1)))
                .collect()
        })
    }

    fn test(&mut self, name: &str, field: &Value, values: &Value) -> Result<Filter, FilterError> {
        let field = self.within(1, |reader| {
            let not_text = || reader.wrong(FilterError::new("a field is named by a string"));
            let name = field.as_str().ok_or_else(not_text)?;
            Field::parse(name).map_err(|error| reader.wrong(error))
        })?;
        let values = self.within(2, |reader| reader.values(values))?;
        let operator = Operator::parse(name).unwrap_or(Operator::Is);
        Test::within(self.budget, field, operator, values)
            .map(Filter::Test)
            .map_err(|error| self.wrong(error))
    }

    /// Numbers and truth values as JSON writes them, which is how properties are compared.
    fn values(&self, values: &Value) -> Result<Vec<String>, FilterError> {
        let Some(values) = values.as_array() else {
            return self.refuse("the values of a test are a list");
        };
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
            _ => self.refuse("a value is a string, a number, true or false; an absent one is \"\""),
        };
        values.iter().map(text).collect()
    }
}
