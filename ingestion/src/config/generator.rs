//! `GENERATOR_*`: what the generator does until it is told something else.

use std::str::FromStr;

use common::config::Loader;
use serde::Deserialize;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::source::synthetic::{Arrivals, Faults, Mix, Profile, Settings, Stage};

#[derive(Debug, Clone, Deserialize, Validate)]
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

/// The variable behind each field that the settings' own rules refused.
pub(super) fn refuse(loader: &mut Loader, errors: &ValidationErrors) {
    for (field, kind) in errors.errors() {
        match kind {
            ValidationErrorsKind::Struct(inner) if field == "faults" => refuse(loader, inner),
            ValidationErrorsKind::Field(list) => {
                let what = list.first().map_or("is out of range".to_owned(), describe);
                let name = if field == "__all__" {
                    "faults or limit"
                } else {
                    field
                };
                loader.refuse(&format!("GENERATOR_{}", name.to_uppercase()), what);
            }
            _ => loader.refuse(
                &format!("GENERATOR_{}", field.to_uppercase()),
                "is out of range",
            ),
        }
    }
}

fn describe(error: &validator::ValidationError) -> String {
    error.message.as_ref().map_or_else(
        || {
            let bound = |name| {
                error
                    .params
                    .get(name)
                    .map(ToString::to_string)
                    .unwrap_or_default()
            };
            format!("must lie between {} and {}", bound("min"), bound("max"))
        },
        ToString::to_string,
    )
}

/// A profile on one line: `constant`, `ramp:FROM:TO:SECONDS`, `sine:MIN:MAX:PERIOD`,
/// `burst:BASE:PEAK:EVERY:LENGTH`, `stages:RATExSECONDS,RATExSECONDS…`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProfileText(pub Profile);

const SHAPES: &str = "must be constant, ramp:FROM:TO:SECONDS, sine:MIN:MAX:PERIOD, \
    burst:BASE:PEAK:EVERY:LENGTH or stages:RATExSECONDS,RATExSECONDS";

impl FromStr for ProfileText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let profile = read(text).ok_or(SHAPES)?;
        profile
            .validate()
            .map_err(|_| format!("holds a value out of range; {SHAPES}"))?;
        Ok(Self(profile))
    }
}

impl TryFrom<String> for ProfileText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn read(text: &str) -> Option<Profile> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    if kind == "stages" {
        let stages: Option<Vec<_>> = rest.split(',').map(stage).collect();
        return Some(Profile::Stages { stages: stages? });
    }
    let numbers: Option<Vec<f64>> = rest
        .split(':')
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    match (kind, numbers?.as_slice()) {
        ("constant", []) => Some(Profile::Constant),
        ("ramp", &[from, to, seconds]) => Some(Profile::Ramp { from, to, seconds }),
        ("sine", &[min, max, period]) => Some(Profile::Sine { min, max, period }),
        ("burst", &[base, peak, every, length]) => Some(Profile::Burst {
            base,
            peak,
            every,
            length,
        }),
        _ => None,
    }
}

/// Weights on one line, `page_view=62,click=20`; types that aren't named keep their default.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct MixText(pub Mix);

impl FromStr for MixText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || "must be TYPE=WEIGHT,TYPE=WEIGHT with the built-in event types".to_owned();
        let mut weights = serde_json::to_value(Mix::default()).map_err(|_| shape())?;
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (name, weight) = part.split_once('=').ok_or_else(shape)?;
            let known = weights.get_mut(name.trim()).ok_or_else(shape)?;
            *known = weight.trim().parse::<f64>().map_err(|_| shape())?.into();
        }
        let mix: Mix = serde_json::from_value(weights).map_err(|_| shape())?;
        mix.validate().map_err(|_| shape())?;
        Ok(Self(mix))
    }
}

impl TryFrom<String> for MixText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn stage(text: &str) -> Option<Stage> {
    let (rate, seconds) = text.split_once('x')?;
    Some(Stage {
        rate: rate.parse().ok()?,
        seconds: seconds.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_from_one_line() {
        let MixText(mix) = "purchase=50, click=0".parse().unwrap();
        assert_eq!((mix.purchase, mix.click, mix.page_view), (50.0, 0.0, 62.0));
        for text in ["purchase", "buy=1", "click=-1", "click=many"] {
            assert!(text.parse::<MixText>().is_err(), "{text}");
        }
    }

    #[test]
    fn profiles_are_read_from_one_line() {
        let good = [
            ("constant", Profile::Constant),
            (
                "ramp:0:500:30",
                Profile::Ramp {
                    from: 0.0,
                    to: 500.0,
                    seconds: 30.0,
                },
            ),
            (
                "sine:10:20:60",
                Profile::Sine {
                    min: 10.0,
                    max: 20.0,
                    period: 60.0,
                },
            ),
            (
                "burst:1:9:10:2",
                Profile::Burst {
                    base: 1.0,
                    peak: 9.0,
                    every: 10.0,
                    length: 2.0,
                },
            ),
            (
                "stages:5x1,7x2.5",
                Profile::Stages {
                    stages: vec![
                        Stage {
                            rate: 5.0,
                            seconds: 1.0,
                        },
                        Stage {
                            rate: 7.0,
                            seconds: 2.5,
                        },
                    ],
                },
            ),
        ];
        for (text, profile) in good {
            assert_eq!(text.parse(), Ok(ProfileText(profile)), "{text}");
        }
        for text in [
            "",
            "flat",
            "ramp:1:2",
            "ramp:a:b:c",
            "stages:",
            "stages:1",
            "sine:2:1:1",
        ] {
            assert!(text.parse::<ProfileText>().is_err(), "{text}");
        }
    }
}
