//! Rate profiles: pure functions from the time since the start of a profile to the number of
//! events due by then.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationErrors};

use super::settings::MAX_RATE;

/// Rates are events per second, times are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Profile {
    /// The setting `rate`.
    Constant,
    /// From one rate to another in a straight line, then the second one.
    Ramp { from: f64, to: f64, seconds: f64 },
    /// Between two rates and back once in each period; begins at `min`.
    Sine { min: f64, max: f64, period: f64 },
    /// `peak` for the first `length` seconds of each `every`, else `base`.
    Burst {
        base: f64,
        peak: f64,
        every: f64,
        length: f64,
    },
    /// One rate after the other; the last one stays.
    Stages { stages: Vec<Stage> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub rate: f64,
    pub seconds: f64,
}

const MAX_STAGES: usize = 100;
const MIN_SECONDS: f64 = 0.1;
const MAX_SECONDS: f64 = 31_536_000.0;

impl Profile {
    /// Events wanted in the first `t` seconds; never falls.
    #[must_use]
    pub fn wanted_until(&self, rate: f64, t: f64) -> f64 {
        match *self {
            Self::Constant => rate * t,
            Self::Ramp { from, to, seconds } => {
                let rising = t.min(seconds);
                from * rising + (to - from) * rising * rising / (2.0 * seconds) + to * (t - rising)
            }
            Self::Sine { min, max, period } => {
                let (middle, swing) = (f64::midpoint(min, max), (max - min) / 2.0);
                middle * t - swing * period / TAU * (TAU * t / period).sin()
            }
            Self::Burst {
                base,
                peak,
                every,
                length,
            } => {
                let (whole, rest) = ((t / every).floor(), t % every);
                whole * (peak * length + base * (every - length))
                    + peak * rest.min(length)
                    + base * (rest - length).max(0.0)
            }
            Self::Stages { ref stages } => {
                let mut left = t;
                let mut wanted = 0.0;
                for stage in stages {
                    let here = left.min(stage.seconds);
                    wanted += stage.rate * here;
                    left -= here;
                }
                wanted + left * stages.last().map_or(0.0, |stage| stage.rate)
            }
        }
    }

    /// Events per second wanted at `t` seconds.
    #[must_use]
    pub fn rate_at(&self, rate: f64, t: f64) -> f64 {
        match *self {
            Self::Constant => rate,
            Self::Ramp { from, to, seconds } => from + (to - from) * (t / seconds).min(1.0),
            Self::Sine { min, max, period } => {
                f64::midpoint(min, max) - (max - min) / 2.0 * (TAU * t / period).cos()
            }
            Self::Burst {
                base,
                peak,
                every,
                length,
            } => {
                if t % every < length {
                    peak
                } else {
                    base
                }
            }
            Self::Stages { ref stages } => {
                let mut until = 0.0;
                let current = stages.iter().find(|stage| {
                    until += stage.seconds;
                    t < until
                });
                current.or(stages.last()).map_or(0.0, |stage| stage.rate)
            }
        }
    }
}

impl Validate for Profile {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut bounds = Bounds::default();
        match self {
            Self::Constant => {}
            Self::Ramp { from, to, seconds } => {
                bounds
                    .rate("from", *from)
                    .rate("to", *to)
                    .seconds("seconds", *seconds);
            }
            Self::Sine { min, max, period } => {
                bounds
                    .rate("min", *min)
                    .rate("max", *max)
                    .seconds("period", *period);
                bounds.check("min", min <= max, "must not be above max");
            }
            Self::Burst {
                base,
                peak,
                every,
                length,
            } => {
                bounds
                    .rate("base", *base)
                    .rate("peak", *peak)
                    .seconds("every", *every);
                bounds.check(
                    "length",
                    (0.0..=*every).contains(length),
                    "must lie between 0 and every",
                );
            }
            Self::Stages { stages } => {
                let few = (1..=MAX_STAGES).contains(&stages.len());
                bounds.check("stages", few, "must have 1 to 100 stages");
                for stage in stages {
                    bounds
                        .rate("stages", stage.rate)
                        .seconds("stages", stage.seconds);
                }
            }
        }
        if bounds.0.is_empty() {
            Ok(())
        } else {
            Err(bounds.0)
        }
    }
}

#[derive(Default)]
struct Bounds(ValidationErrors);

impl Bounds {
    fn check(&mut self, field: &'static str, holds: bool, expected: &'static str) -> &mut Self {
        if !holds {
            let error = validator::ValidationError::new("range").with_message(expected.into());
            self.0.add(field, error);
        }
        self
    }

    fn rate(&mut self, field: &'static str, rate: f64) -> &mut Self {
        let allowed = (0.0..=MAX_RATE).contains(&rate);
        self.check(field, allowed, "a rate must lie between 0 and 2000000")
    }

    fn seconds(&mut self, field: &'static str, seconds: f64) -> &mut Self {
        let allowed = (MIN_SECONDS..=MAX_SECONDS).contains(&seconds);
        self.check(field, allowed, "seconds must lie between 0.1 and 31536000")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn profiles() -> impl Strategy<Value = Profile> {
        let rate = || 0.0..200_000.0_f64;
        let seconds = || 0.5..100.0_f64;
        prop_oneof![
            Just(Profile::Constant),
            (rate(), rate(), seconds()).prop_map(|(from, to, seconds)| Profile::Ramp {
                from,
                to,
                seconds
            }),
            (rate(), rate(), seconds()).prop_map(|(a, b, period)| Profile::Sine {
                min: a.min(b),
                max: a.max(b),
                period
            }),
            (rate(), rate(), seconds(), 0.0..1.0_f64).prop_map(|(base, peak, every, part)| {
                Profile::Burst {
                    base,
                    peak,
                    every,
                    length: every * part,
                }
            }),
            prop::collection::vec(
                (rate(), seconds()).prop_map(|(rate, seconds)| Stage { rate, seconds }),
                1..6
            )
            .prop_map(|stages| Profile::Stages { stages }),
        ]
    }

    proptest! {
        #[test]
        fn the_count_is_the_integral_of_the_rate(profile in profiles(), rate in 0.0..200_000.0_f64) {
            let step = 1e-3;
            let mut sum = 0.0;
            for i in 0..30_000 {
                let t = f64::from(i) * step;
                sum += profile.rate_at(rate, t + step / 2.0) * step;
                let until = profile.wanted_until(rate, t + step);
                prop_assert!(until + 1e-6 >= profile.wanted_until(rate, t));
            }
            let exact = profile.wanted_until(rate, 30.0);
            // A jump of the rate falls into one step of the sum.
            prop_assert!((sum - exact).abs() <= 1e-6 * exact + 200_000.0 * step * 62.0, "{sum} {exact}");
        }

        #[test]
        fn what_is_generated_is_valid_and_survives_json(profile in profiles()) {
            prop_assert!(profile.validate().is_ok());
            let json = serde_json::to_string(&profile).unwrap();
            let back: Profile = serde_json::from_str(&json).unwrap();
            prop_assert!((back.rate_at(1.0, 0.7) - profile.rate_at(1.0, 0.7)).abs() < 1e-6);
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let refused = [
            Profile::Ramp {
                from: -1.0,
                to: 1.0,
                seconds: 1.0,
            },
            Profile::Ramp {
                from: 1.0,
                to: 2_000_001.0,
                seconds: 1.0,
            },
            Profile::Ramp {
                from: 1.0,
                to: f64::NAN,
                seconds: 1.0,
            },
            Profile::Sine {
                min: 2.0,
                max: 1.0,
                period: 1.0,
            },
            Profile::Sine {
                min: 1.0,
                max: 2.0,
                period: 0.0,
            },
            Profile::Burst {
                base: 1.0,
                peak: 2.0,
                every: 1.0,
                length: 1.5,
            },
            Profile::Stages { stages: Vec::new() },
        ];
        for profile in refused {
            assert!(profile.validate().is_err(), "{profile:?}");
        }
    }
}
