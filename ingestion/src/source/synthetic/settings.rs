//! The settings of the generator, and their bounds.

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::profile::Profile;

/// Events per second that a schedule may ask for.
pub const MAX_RATE: f64 = 2_000_000.0;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "history_needs_a_limit", skip_on_field_errors = false))]
pub struct Settings {
    pub running: bool,
    /// Events per second of the profile `constant`; the other profiles name their own.
    #[validate(range(min = 0.0, max = 2_000_000.0))]
    pub rate: f64,
    #[validate(nested)]
    pub profile: Profile,
    pub arrivals: Arrivals,
    /// Whether the rate follows the hour of the day (UTC), with a mean of 1 over 24 hours.
    pub day_shape: bool,
    pub seed: u64,
    #[validate(nested)]
    pub mix: Mix,
    #[validate(nested)]
    pub faults: Faults,
    /// How many different users return, with Zipf's frequencies.
    #[validate(range(min = 1, max = 10_000_000))]
    pub users: u32,
    /// The run ends after this many events.
    #[validate(range(min = 1, max = 10_000_000_000_u64))]
    pub limit: Option<u64>,
    /// Spread `occurred_at` over this many seconds before the start of the run, with an
    /// hour-of-day shape, instead of the present. Needs `limit`.
    #[validate(range(min = 60, max = 31_536_000))]
    pub history_seconds: Option<u64>,
}

fn history_needs_a_limit(settings: &Settings) -> Result<(), ValidationError> {
    if settings.history_seconds.is_some() && settings.limit.is_none() {
        let error = ValidationError::new("history_seconds");
        return Err(error.with_message("needs limit, over which it is spread".into()));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly spaced.
    Uniform,
    /// A Poisson process: the gaps are exponential.
    Poisson,
}

/// Relative weights of the event types; at least one is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "some_weight", skip_on_field_errors = false))]
pub struct Mix {
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub page_view: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub click: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub search: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub add_to_cart: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub purchase: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub signup: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub login: f64,
    #[validate(range(min = 0.0, max = 1_000_000.0))]
    pub error: f64,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            page_view: 62.0,
            click: 20.0,
            search: 6.0,
            add_to_cart: 5.0,
            purchase: 2.5,
            signup: 0.8,
            login: 2.2,
            error: 1.5,
        }
    }
}

fn some_weight(mix: &Mix) -> Result<(), ValidationError> {
    if mix.weights().iter().any(|(_, weight)| *weight > 0.0) {
        return Ok(());
    }
    Err(ValidationError::new("mix").with_message("at least one weight must be above 0".into()))
}

impl Mix {
    /// By event type.
    pub(super) const fn weights(&self) -> [(&'static str, f64); 8] {
        [
            ("page_view", self.page_view),
            ("click", self.click),
            ("search", self.search),
            ("add_to_cart", self.add_to_cart),
            ("purchase", self.purchase),
            ("signup", self.signup),
            ("login", self.login),
            ("error", self.error),
        ]
    }
}

/// Which fraction of the events is sent with a fault; the rest is normal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "mostly_normal", skip_on_field_errors = false))]
pub struct Faults {
    /// The bytes of one of the last 512 normal events once more.
    #[validate(range(min = 0.0, max = 0.5))]
    pub duplicates: f64,
    /// A minute to six hours old.
    #[validate(range(min = 0.0, max = 0.5))]
    pub late: f64,
    /// 0.2 to 8 seconds old.
    #[validate(range(min = 0.0, max = 0.5))]
    pub out_of_order: f64,
    /// Breaks a rule of the contract; never stored.
    #[validate(range(min = 0.0, max = 0.5))]
    pub malformed: f64,
    /// 1 to 300 seconds in the future.
    #[validate(range(min = 0.0, max = 0.5))]
    pub skewed: f64,
}

fn mostly_normal(faults: &Faults) -> Result<(), ValidationError> {
    let fractions = faults.fractions().into_iter();
    if fractions.map(|(_, fraction)| fraction).sum::<f64>() <= 0.9 {
        return Ok(());
    }
    Err(ValidationError::new("faults")
        .with_message("the faults together must be at most 0.9".into()))
}

impl Faults {
    /// By name.
    pub(crate) const fn fractions(&self) -> [(&'static str, f64); 5] {
        [
            ("duplicates", self.duplicates),
            ("late", self.late),
            ("out_of_order", self.out_of_order),
            ("malformed", self.malformed),
            ("skewed", self.skewed),
        ]
    }
}

/// The part of the settings on which the content of an event depends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    pub mix: Mix,
    pub faults: Faults,
    pub users: u32,
    /// `None` except with `history_seconds`, which is spread over it.
    pub limit: Option<u64>,
    pub history_seconds: Option<u64>,
}

impl Settings {
    #[must_use]
    pub fn population(&self) -> Population {
        Population {
            mix: self.mix,
            faults: self.faults,
            users: self.users,
            limit: self.history_seconds.and(self.limit),
            history_seconds: self.history_seconds,
        }
    }
}

impl Default for Population {
    fn default() -> Self {
        Settings::default().population()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            running: false,
            rate: 1_000.0,
            profile: Profile::Constant,
            arrivals: Arrivals::Uniform,
            day_shape: false,
            seed: 42,
            mix: Mix::default(),
            faults: Faults::default(),
            users: 10_000,
            limit: None,
            history_seconds: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn each_part_has_the_name_of_its_field() {
        let weights = Mix::default().weights();
        assert_eq!(json!(Mix::default()), json!(BTreeMap::from(weights)));
        let faults = Faults {
            duplicates: 0.1,
            late: 0.2,
            out_of_order: 0.3,
            malformed: 0.4,
            skewed: 0.5,
        };
        assert_eq!(json!(faults), json!(BTreeMap::from(faults.fractions())));
    }
}
