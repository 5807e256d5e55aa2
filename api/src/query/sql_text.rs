//! A statement that is assembled for one query. Its text holds constants only; whatever a client
//! sent is a bound parameter.

use std::fmt::{self, Write as _};

use tokio_postgres::types::{ToSql, Type};

/// Text with `$n` for its parameters, sent unnamed: no two questions need to be alike.
#[derive(Default)]
pub struct SqlText {
    text: String,
    parameters: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl SqlText {
    /// `name` is what logs and `pg_stat_statements` call it.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self {
            text: format!("-- {name}\n"),
            parameters: Vec::new(),
        }
    }

    /// Appends a constant.
    pub fn push(&mut self, sql: &'static str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Appends a parameter.
    pub fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, of: Type) -> &mut Self {
        self.parameters.push((Box::new(value), of));
        let place = self.parameters.len();
        // Writing to a string can't fail.
        let _ = write!(self.text, "${place}");
        self
    }

    /// Appends each of `items` as `write` does, with `between` between them.
    pub fn join<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        between: &'static str,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            write(self, item);
        }
        self
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.parameters
            .iter()
            .map(|(value, of)| (value.as_ref() as &(dyn ToSql + Sync), of.clone()))
            .collect()
    }
}

impl fmt::Debug for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlText({:?})", self.text)
    }
}
