//! A filter and a field as SQL over a row of `events`.

use common::rollup::Dimension;
use tokio_postgres::types::Type;

use super::{Field, Filter, Operator, Test};
use crate::query::sql_text::SqlText;

impl Field {
    /// Its value as text, `''` where it is absent.
    pub fn expression(&self, sql: &mut SqlText) {
        sql.push(match self {
            Self::Dimension(Dimension::EventType | Dimension::All) => "event_type",
            Self::Dimension(Dimension::Page) => "coalesce(page, '')",
            Self::Dimension(Dimension::Referrer) => "coalesce(referrer, '')",
            Self::Dimension(Dimension::Country) => "coalesce(country, '')",
            Self::Dimension(Dimension::Device) => "coalesce(device, '')",
            Self::Dimension(Dimension::Browser) => "coalesce(browser, '')",
            Self::Dimension(Dimension::Os) => "coalesce(os, '')",
            Self::UserId => "user_id",
            Self::SessionId => "coalesce(session_id, '')",
            Self::Property(path) => {
                sql.push("coalesce(properties #>> ")
                    .bind(path.clone(), Type::TEXT_ARRAY)
                    .push(", '')");
                return;
            }
        });
    }
}

impl Filter {
    /// A condition that is true or false, never unknown.
    pub fn condition(&self, sql: &mut SqlText) {
        match self {
            Self::All(parts) if parts.is_empty() => {
                sql.push("TRUE");
            }
            Self::All(parts) => {
                sql.push("(")
                    .join(parts, " AND ", |sql, part| part.condition(sql))
                    .push(")");
            }
            Self::Any(parts) => {
                sql.push("(")
                    .join(parts, " OR ", |sql, part| part.condition(sql))
                    .push(")");
            }
            Self::Not(part) => {
                sql.push("NOT ");
                part.condition(sql);
            }
            Self::Test(test) => test.condition(sql),
        }
    }
}

impl Test {
    fn condition(&self, sql: &mut SqlText) {
        match self.operator {
            Operator::Is => {
                self.field.expression(sql);
                sql.push(" = ANY (")
                    .bind(self.values.clone(), Type::TEXT_ARRAY)
                    .push(")");
            }
            Operator::IsNot => {
                self.field.expression(sql);
                sql.push(" <> ALL (")
                    .bind(self.values.clone(), Type::TEXT_ARRAY)
                    .push(")");
            }
            Operator::Contains => {
                let parts = self.values.iter().map(|part| like(part));
                self.field.expression(sql);
                sql.push(" LIKE ANY (")
                    .bind(parts.collect::<Vec<_>>(), Type::TEXT_ARRAY)
                    .push(")");
            }
            Operator::Matches => {
                sql.push("(").join(&self.patterns, " OR ", |sql, pattern| {
                    self.field.expression(sql);
                    sql.push(" ~ ").bind(pattern.sql().to_owned(), Type::TEXT);
                });
                sql.push(")");
            }
        }
    }
}

/// A pattern for what holds `part`, letter by letter. A statement has 65,535 parameters at most,
/// too few for one for each value.
fn like(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for letter in part.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
