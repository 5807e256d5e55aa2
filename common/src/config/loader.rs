//! Reads sections and gathers what is wrong with them.

use std::{collections::BTreeMap, fmt};

use serde::de::DeserializeOwned;
use validator::{Validate, ValidationErrors};

use super::{
    OutOfRange,
    environment::{from_file, overlay, sample_variables},
    out_of_range,
};

/// One wrong variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub variable: String,
    pub what: String,
}

impl Problem {
    pub fn new(variable: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            variable: variable.into(),
            what: what.into(),
        }
    }
}

/// All wrong variables; its text has a line for each and no value of any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Problem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the configuration is wrong; .env.example lists every variable"
        )?;
        for problem in &self.0 {
            writeln!(f, "  {}: {}", problem.variable, problem.what)?;
        }
        Ok(())
    }
}

/// Takes the environment once, then hands out sections.
#[derive(Debug)]
pub struct Loader {
    variables: BTreeMap<String, String>,
    problems: Vec<Problem>,
    /// Whether `POSTGRES_URL` was given as `DATABASE_URL`.
    is_database_url: bool,
}

impl Loader {
    /// The process's environment over the `.env` file of the working folder or one above it.
    #[must_use]
    pub fn from_env() -> Self {
        let (mut variables, mut problems) = from_file();
        problems.extend(overlay(&mut variables, std::env::vars_os()));
        Self {
            problems,
            ..Self::from_variables(variables)
        }
    }

    /// Exactly these variables. Empty ones count as absent; `DATABASE_URL` stands for
    /// `POSTGRES_URL` where that is absent.
    #[must_use]
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut variables: BTreeMap<_, _> = variables
            .into_iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        let url = variables.remove("DATABASE_URL");
        let url = url.filter(|_| !variables.contains_key("POSTGRES_URL"));
        let is_database_url = url.is_some();
        variables.extend(url.map(|url| ("POSTGRES_URL".to_owned(), url)));
        Self {
            variables,
            problems: Vec::new(),
            is_database_url,
        }
    }

    /// A section, or `None` and its problems in [`Self::finish`].
    pub fn section<T: DeserializeOwned + Validate>(&mut self) -> Option<T> {
        self.section_by(|section: &T| section.validate().err().iter().flat_map(wrong).collect())
    }

    /// The same with rules of its own.
    pub fn section_by<T: DeserializeOwned>(
        &mut self,
        rules: impl Fn(&T) -> Vec<Problem>,
    ) -> Option<T> {
        let section = read(&self.variables);
        let problems = match &section {
            Ok(section) => rules(section),
            Err(error) => diagnose(&self.variables, error, rules),
        };
        let is_right = problems.is_empty();
        self.problems.extend(problems);
        section.ok().filter(|_| is_right)
    }

    /// For a rule that spans variables.
    pub fn refuse(&mut self, variable: &str, what: impl Into<String>) {
        self.problems.push(Problem::new(variable, what));
    }

    /// # Errors
    /// Everything that was wrong, if anything was.
    pub fn finish(mut self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        if self.is_database_url {
            let urls = self.problems.iter_mut();
            urls.filter(|problem| problem.variable == "POSTGRES_URL")
                .for_each(|problem| problem.variable = "DATABASE_URL".into());
        }
        self.problems.sort_by(|a, b| a.variable.cmp(&b.variable));
        self.problems.dedup();
        Err(ConfigError(self.problems))
    }
}

fn read<T: DeserializeOwned>(variables: &BTreeMap<String, String>) -> Result<T, envy::Error> {
    envy::from_iter(variables.clone())
}

/// envy stops at the first mistake and doesn't always say whose it is. So every variable is
/// tried alone among known-good ones: what fails then is its own. The others are held against
/// the rules together.
fn diagnose<T: DeserializeOwned>(
    given: &BTreeMap<String, String>,
    error: &envy::Error,
    rules: impl Fn(&T) -> Vec<Problem>,
) -> Vec<Problem> {
    let sample = sample_variables();
    // A variable that the sample leaves empty has no default: it is tried, too, and absent else.
    let mut good = sample.clone();
    good.retain(|_, value| !value.is_empty());
    let mut readable = given.clone();
    let mut problems = Vec::new();
    for name in sample.keys() {
        let mut trial = good.clone();
        put(&mut trial, name, given.get(name));
        let what = match (read::<T>(&trial), given.get(name)) {
            (Ok(_), _) => continue,
            (Err(envy::Error::MissingValue(_)), _) => "is required and not set".to_owned(),
            (Err(envy::Error::Custom(why)), value) => without_value(&why, name, value),
        };
        problems.push(Problem::new(name, what));
        put(&mut readable, name, good.get(name));
    }
    if let Ok(section) = read(&readable) {
        problems.extend(rules(&section));
    }
    if problems.is_empty() {
        problems.push(Problem::new("environment", error.to_string()));
    }
    problems
}

fn put(variables: &mut BTreeMap<String, String>, name: &str, value: Option<&String>) {
    match value {
        Some(value) => variables.insert(name.to_owned(), value.clone()),
        None => variables.remove(name),
    };
}

/// envy's messages quote the value, which may be a secret.
fn without_value(why: &str, name: &str, value: Option<&String>) -> String {
    let quoted = value.map(|value| format!(" while parsing value '{value}' provided by {name}"));
    match quoted {
        Some(quoted) => why.replace(&quoted, "").replace(&quoted.to_lowercase(), ""),
        None => why.to_owned(),
    }
}

/// A section's fields are named as its variables.
fn wrong(errors: &ValidationErrors) -> Vec<Problem> {
    let problem = |one: OutOfRange| {
        let field = one.pointer.trim_start_matches('/');
        Problem::new(field.to_uppercase(), one.what)
    };
    out_of_range(errors).into_iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PostgresConfig, ProcessConfig, RedisConfig};

    fn load(changes: &[(&str, &str)]) -> Result<(), ConfigError> {
        let mut variables = sample_variables();
        for (name, value) in changes {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        let mut loader = Loader::from_variables(variables);
        loader.section::<RedisConfig>();
        loader.section::<PostgresConfig>();
        loader.section::<ProcessConfig>();
        loader.finish()
    }

    #[test]
    fn the_sample_is_right() {
        load(&[]).unwrap();
    }

    #[test]
    fn every_problem_is_named_and_no_value_shown() {
        let error = load(&[
            ("REDIS_URL", "http://user:hunter2@redis"),
            ("POSTGRES_URL", ""),
            ("POSTGRES_POOL_SIZE", "many-hunter2"),
            ("CONNECT_TIMEOUT_MS", "0"),
            ("LOG_FORMAT", "hunter2"),
        ])
        .unwrap_err();
        let names: Vec<_> = error.0.iter().map(|p| p.variable.as_str()).collect();
        assert_eq!(
            names,
            [
                "CONNECT_TIMEOUT_MS",
                "LOG_FORMAT",
                "POSTGRES_POOL_SIZE",
                "POSTGRES_URL",
                "REDIS_URL"
            ]
        );
        assert!(
            !error
                .to_string()
                .replace("unknown variant `hunter2`", "")
                .contains("hunter2"),
            "{error}"
        );
    }

    #[test]
    fn rules_are_held_against_what_can_be_read() {
        let problems = |changes: &[(&str, &str)]| {
            let error = load(changes).unwrap_err();
            let lines = error.0.into_iter();
            lines
                .map(|Problem { variable, what }| format!("{variable}: {what}"))
                .collect::<Vec<_>>()
        };
        let range = "CONNECT_TIMEOUT_MS: must lie between 1 and 60000";
        assert_eq!(problems(&[("CONNECT_TIMEOUT_MS", "0")]), [range]);
        let both = problems(&[("CONNECT_TIMEOUT_MS", "0"), ("POSTGRES_POOL_SIZE", "many")]);
        assert_eq!(both.len(), 2, "{both:?}");
        assert_eq!(both[0], range);
    }

    #[test]
    fn database_url_is_an_alias() {
        let mut sample = sample_variables();
        let url = sample.remove("POSTGRES_URL").unwrap();
        let load = |url: &str| {
            let url = [("DATABASE_URL".to_owned(), url.to_owned())];
            let mut loader = Loader::from_variables(sample.clone().into_iter().chain(url));
            loader.section::<PostgresConfig>();
            loader.finish().map_err(|error| error.0[0].variable.clone())
        };
        assert_eq!(load(&url), Ok(()));
        assert_eq!(load("mysql://x"), Err("DATABASE_URL".into()));
        assert_eq!(load(""), Err("POSTGRES_URL".into()));
    }
}
