//! `GENERATOR_*`: what the generator does until it is told something else.

use common::config::{Problem, out_of_range};
use serde::Deserialize;
use validator::Validate;

use super::{MixText, ProfileText};
use crate::source::synthetic::{Arrivals, Faults, Profile, Settings};

#[derive(Debug, Clone, Deserialize)]
pub struct GeneratorConfig {
    #[serde(default)]
    pub generator_running: bool,
    #[serde(default = "rate")]
    pub generator_rate: f64,
    #[serde(default = "profile")]
    pub generator_profile: ProfileText,
    #[serde(default = "arrivals")]
    pub generator_arrivals: Arrivals,
    #[serde(default)]
    pub generator_day_shape: bool,
    #[serde(default = "seed")]
    pub generator_seed: u64,
    #[serde(default = "users")]
    pub generator_users: u32,
    pub generator_limit: Option<u64>,
    pub generator_history_seconds: Option<u64>,
    #[serde(default)]
    pub generator_mix: MixText,
    #[serde(default)]
    pub generator_duplicates: f64,
    #[serde(default)]
    pub generator_late: f64,
    #[serde(default)]
    pub generator_out_of_order: f64,
    #[serde(default)]
    pub generator_malformed: f64,
    #[serde(default)]
    pub generator_skewed: f64,
}

fn rate() -> f64 {
    Settings::default().rate
}

fn profile() -> ProfileText {
    ProfileText(Profile::Constant)
}

fn arrivals() -> Arrivals {
    Arrivals::Uniform
}

fn seed() -> u64 {
    Settings::default().seed
}

fn users() -> u32 {
    Settings::default().users
}

impl From<GeneratorConfig> for Settings {
    fn from(config: GeneratorConfig) -> Self {
        Self {
            running: config.generator_running,
            rate: config.generator_rate,
            profile: config.generator_profile.0,
            arrivals: config.generator_arrivals,
            day_shape: config.generator_day_shape,
            seed: config.generator_seed,
            mix: config.generator_mix.0,
            faults: Faults {
                duplicates: config.generator_duplicates,
                late: config.generator_late,
                out_of_order: config.generator_out_of_order,
                malformed: config.generator_malformed,
                skewed: config.generator_skewed,
            },
            users: config.generator_users,
            limit: config.generator_limit,
            history_seconds: config.generator_history_seconds,
        }
    }
}

/// What the settings' own rules refuse, by variable.
pub(super) fn problems(config: &GeneratorConfig) -> Vec<Problem> {
    let settings = Settings::from(config.clone());
    let errors = settings.validate().err();
    let mut problems = Vec::new();
    for one in errors.iter().flat_map(out_of_range) {
        for field in fields(&settings, &one.pointer) {
            let variable = format!("GENERATOR_{}", field.to_uppercase());
            problems.push(Problem::new(variable, one.what.clone()));
        }
    }
    problems
}

/// What a rule is about.
fn fields<'a>(settings: &Settings, pointer: &'a str) -> Vec<&'a str> {
    match pointer {
        "" => vec!["history_seconds"],
        "/faults" => {
            let injected = settings.faults.fractions().into_iter();
            let injected = injected.filter(|(_, fraction)| *fraction > 0.0);
            injected.map(|(name, _)| name).collect()
        }
        _ => pointer.rsplit('/').take(1).collect(),
    }
}

#[cfg(test)]
mod tests {
    use common::config::{Loader, sample_variables};

    use super::*;
    use crate::Config;

    /// What is wrong, a line each.
    fn wrong(changes: &[(&str, &str)]) -> Vec<String> {
        let mut variables = sample_variables();
        variables.extend(
            changes
                .iter()
                .map(|(n, v)| (format!("GENERATOR_{n}"), (*v).into())),
        );
        let error = Config::load(Loader::from_variables(variables)).unwrap_err();
        let lines = error.0.into_iter();
        lines
            .map(|Problem { variable, what }| format!("{variable}: {what}"))
            .collect()
    }

    #[test]
    fn rules_name_the_variables_that_they_span() {
        let history = "GENERATOR_HISTORY_SECONDS: needs limit, over which it is spread";
        assert_eq!(wrong(&[("HISTORY_SECONDS", "3600")]), [history]);
        let sum = "the faults together must be at most 0.9";
        assert_eq!(
            wrong(&[("LATE", "0.5"), ("SKEWED", "0.41")]),
            ["LATE", "SKEWED"].map(|name| format!("GENERATOR_{name}: {sum}"))
        );
    }

    #[test]
    fn ranges_are_checked_where_something_else_cant_be_read() {
        let wrong = wrong(&[
            ("RATE", "fast"),
            ("USERS", "0"),
            ("LATE", "0.7"),
            ("LIMIT", "100"),
            ("HISTORY_SECONDS", "3600"),
        ]);
        let named = ["LATE: must lie", "RATE: ", "USERS: must lie"];
        assert_eq!(wrong.len(), named.len(), "{wrong:?}");
        for (line, name) in wrong.iter().zip(named) {
            assert!(line.starts_with(&format!("GENERATOR_{name}")), "{line}");
        }
    }
}
