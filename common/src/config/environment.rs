//! The variables: those of the process, of `.env`, and of `.env.example`.

use std::{collections::BTreeMap, ffi::OsString};

use super::Problem;

/// Read by a daemon, and in no line of `.env.example`.
const UNLISTED: [&str; 2] = ["CONSUMER_NAME", "DATABASE_URL"];

/// The variables of `.env.example`: known to be right, each of them.
#[must_use]
pub fn sample_variables() -> BTreeMap<String, String> {
    let sample = include_str!("../../../.env.example");
    dotenvy::from_read_iter(sample.as_bytes())
        .filter_map(Result::ok)
        .collect()
}

pub(super) fn from_file() -> (BTreeMap<String, String>, Vec<Problem>) {
    let (mut variables, mut problems) = (BTreeMap::new(), Vec::new());
    match dotenvy::dotenv_iter() {
        Ok(file) => {
            for entry in file {
                match entry {
                    Ok((name, value)) => drop(variables.insert(name, value)),
                    Err(_) => {
                        problems.push(Problem::new(".env", "holds a line that is not NAME=value"));
                    }
                }
            }
        }
        Err(error) if error.not_found() => {}
        Err(_) => problems.push(Problem::new(".env", "can't be read")),
    }
    (variables, problems)
}

/// Puts the environment over `variables`; a daemon's variable that is no text is a problem.
pub(super) fn overlay(
    variables: &mut BTreeMap<String, String>,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<Problem> {
    let sample = sample_variables();
    let mut problems = Vec::new();
    for (name, value) in environment {
        let Ok(name) = name.into_string() else {
            continue;
        };
        match value.into_string() {
            Ok(value) => drop(variables.insert(name, value)),
            Err(_) if sample.contains_key(&name) || UNLISTED.contains(&name.as_str()) => {
                problems.push(Problem::new(name, "is not UTF-8"));
            }
            Err(_) => {}
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_named() {
        use std::os::unix::ffi::OsStringExt as _;
        let names = ["CONSUMER_NAME", "DATABASE_URL", "OTHER", "REDIS_URL"];
        let environment = names.map(|name| (name.into(), OsString::from_vec(vec![0xff])));
        let mut variables = BTreeMap::new();
        let problems = overlay(&mut variables, environment.into_iter());
        let known = ["CONSUMER_NAME", "DATABASE_URL", "REDIS_URL"];
        assert_eq!(
            problems,
            known.map(|name| Problem::new(name, "is not UTF-8"))
        );
        assert!(variables.is_empty());
    }
}
