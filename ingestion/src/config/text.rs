//! What a variable or a flag says on one line.

use std::str::FromStr;

use serde::Deserialize;
use validator::Validate as _;

use crate::source::synthetic::{Mix, Profile, Stage};

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
