//! Reads sections and gathers what is wrong with them.

use std::{collections::BTreeMap, fmt};

use serde::de::DeserializeOwned;
use validator::Validate;

/// One wrong variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub variable: String,
    pub what: String,
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

/// The variables of `.env.example`: known to be right, each of them.
#[must_use]
pub fn sample_variables() -> BTreeMap<String, String> {
    let sample = include_str!("../../../.env.example");
    dotenvy::from_read_iter(sample.as_bytes())
        .filter_map(Result::ok)
        .collect()
}

/// Takes the environment once, then hands out sections.
#[derive(Debug)]
pub struct Loader {
    variables: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Loader {
    /// The process's environment over the `.env` file of the working folder or one above it.
    #[must_use]
    pub fn from_env() -> Self {
        let mut variables = BTreeMap::new();
        let mut problems = Vec::new();
        match dotenvy::dotenv_iter() {
            Ok(file) => {
                for entry in file {
                    match entry {
                        Ok((name, value)) => drop(variables.insert(name, value)),
                        Err(_) => problems.push(Problem {
                            variable: ".env".into(),
                            what: "holds a line that is not NAME=value".into(),
                        }),
                    }
                }
            }
            Err(error) if error.not_found() => {}
            Err(_) => problems.push(Problem {
                variable: ".env".into(),
                what: "can't be read".into(),
            }),
        }
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().map(str::to_owned) else {
                continue;
            };
            match value.into_string() {
                Ok(value) => drop(variables.insert(name, value)),
                Err(_) if sample_variables().contains_key(&name) => problems.push(Problem {
                    variable: name,
                    what: "is not UTF-8".into(),
                }),
                Err(_) => {}
            }
        }
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
        if let Some(url) = variables.remove("DATABASE_URL") {
            variables.entry("POSTGRES_URL".into()).or_insert(url);
        }
        Self {
            variables,
            problems: Vec::new(),
        }
    }

    /// A section, or `None` and its problems in [`Self::finish`].
    pub fn section<T: DeserializeOwned + Validate>(&mut self) -> Option<T> {
        let section: T = match read(&self.variables) {
            Ok(section) => section,
            Err(error) => {
                self.problems.extend(diagnose::<T>(&self.variables, &error));
                return None;
            }
        };
        if let Err(errors) = section.validate() {
            self.problems.extend(out_of_range(&errors));
            return None;
        }
        Some(section)
    }

    /// For a rule that spans variables.
    pub fn refuse(&mut self, variable: &str, what: impl Into<String>) {
        self.problems.push(Problem {
            variable: variable.to_owned(),
            what: what.into(),
        });
    }

    /// # Errors
    /// Everything that was wrong, if anything was.
    pub fn finish(mut self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            return Ok(());
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
/// tried alone among known-good ones: what fails then is its own.
fn diagnose<T: DeserializeOwned + Validate>(
    given: &BTreeMap<String, String>,
    error: &envy::Error,
) -> Vec<Problem> {
    let sample = sample_variables();
    // A variable that the sample leaves empty has no default: it is tried, too, and absent else.
    let mut good = sample.clone();
    good.retain(|_, value| !value.is_empty());
    let mut problems = Vec::new();
    for name in sample.keys() {
        let mut trial = good.clone();
        match given.get(name) {
            Some(value) => trial.insert(name.clone(), value.clone()),
            None => trial.remove(name),
        };
        let what = match (read::<T>(&trial), given.get(name)) {
            (Ok(section), _) => {
                problems.extend(section.validate().err().iter().flat_map(out_of_range));
                continue;
            }
            (Err(envy::Error::MissingValue(_)), _) => "is required and not set".to_owned(),
            (Err(envy::Error::Custom(why)), value) => without_value(&why, name, value),
        };
        problems.push(Problem {
            variable: name.clone(),
            what,
        });
    }
    if problems.is_empty() {
        problems.push(Problem {
            variable: "environment".into(),
            what: error.to_string(),
        });
    }
    problems
}

/// envy's messages quote the value, which may be a secret.
fn without_value(why: &str, name: &str, value: Option<&String>) -> String {
    let quoted = value.map(|value| format!(" while parsing value '{value}' provided by {name}"));
    match quoted {
        Some(quoted) => why.replace(&quoted, "").replace(&quoted.to_lowercase(), ""),
        None => why.to_owned(),
    }
}

fn out_of_range(errors: &validator::ValidationErrors) -> Vec<Problem> {
    let bound = |error: &validator::ValidationError, name: &str| {
        error
            .params
            .get(name)
            .map(|bound| format!(" {name} {bound}"))
    };
    let describe = |error: &validator::ValidationError| match &error.message {
        Some(message) => message.to_string(),
        None => format!(
            "is out of range:{}{}",
            bound(error, "min").unwrap_or_default(),
            bound(error, "max").unwrap_or_default()
        ),
    };
    errors
        .field_errors()
        .iter()
        .flat_map(|(field, errors)| {
            errors.iter().map(|error| Problem {
                variable: field.to_uppercase(),
                what: describe(error),
            })
        })
        .collect()
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
    fn database_url_is_an_alias() {
        let mut sample = sample_variables();
        let url = sample.remove("POSTGRES_URL").unwrap();
        sample.insert("DATABASE_URL".into(), url);
        let mut loader = Loader::from_variables(sample);
        assert!(loader.section::<PostgresConfig>().is_some());
    }
}
