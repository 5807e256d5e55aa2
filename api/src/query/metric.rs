//! The metrics and their values, whatever they were counted from.

use std::cmp::Ordering;

use common::rollup::{DISTINCT_RELATIVE_ERROR, DURATION_RELATIVE_ERROR, Rollup, Visits};
use serde_json::{Map, Value, json};

use super::{
    number::{decimal, distinct, rounded},
    rollups::Sketches,
};

/// What can be asked of some events. The names are those of REST, live and the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    Events,
    /// Different `user_id`s.
    Users,
    /// Different `session_id`s.
    Sessions,
    /// The exact sum of `value`, a decimal string.
    Value,
    EventsPerSession,
    /// Sessions with exactly one event, divided by sessions.
    BounceRate,
    /// Milliseconds, as the quantiles; these by nearest rank.
    DurationAvg,
    DurationP50,
    DurationP95,
    DurationP99,
}

impl Metric {
    pub const COUNT: usize = 10;
    pub const ALL: [Self; Self::COUNT] = [
        Self::Events,
        Self::Users,
        Self::Sessions,
        Self::Value,
        Self::EventsPerSession,
        Self::BounceRate,
        Self::DurationAvg,
        Self::DurationP50,
        Self::DurationP95,
        Self::DurationP99,
    ];
    /// What a row of a series or breakdown shows where nobody says otherwise.
    pub const USUAL: [Self; 4] = [Self::Events, Self::Users, Self::Sessions, Self::Value];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::Value => "value",
            Self::EventsPerSession => "events_per_session",
            Self::BounceRate => "bounce_rate",
            Self::DurationAvg => "duration_avg_ms",
            Self::DurationP50 => "duration_p50_ms",
            Self::DurationP95 => "duration_p95_ms",
            Self::DurationP99 => "duration_p99_ms",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }

    #[must_use]
    pub fn names() -> Vec<&'static str> {
        Self::ALL.map(Self::as_str).to_vec()
    }
}

impl Sketches {
    /// What these metrics are made of.
    #[must_use]
    pub fn of(metrics: &[Metric]) -> Self {
        let any = |of: &[Metric]| metrics.iter().any(|metric| of.contains(metric));
        let users = any(&[Metric::Users]);
        Self {
            users,
            // Users are never shown above sessions by an error alone, whatever is asked with them.
            sessions: users || any(&[Metric::Sessions, Metric::EventsPerSession]),
            durations: any(&[
                Metric::DurationAvg,
                Metric::DurationP50,
                Metric::DurationP95,
                Metric::DurationP99,
            ]),
            visits: any(&[Metric::BounceRate]),
        }
    }
}

/// The numbers of some events. What wasn't read is 0 or `None`, and isn't shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    pub events: u64,
    pub users: u64,
    pub sessions: u64,
    pub value_micros: i128,
    pub bounce_rate: Option<f64>,
    pub duration_avg_ms: Option<f64>,
    pub duration_p50_ms: Option<f64>,
    pub duration_p95_ms: Option<f64>,
    pub duration_p99_ms: Option<f64>,
    pub(super) estimated: Estimated,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Estimated {
    users: bool,
    sessions: bool,
    durations: bool,
    bounces: bool,
}

/// Durations below this have a bucket for each millisecond.
const EXACT_DURATION_BELOW: f64 = 128.0;

impl Figures {
    #[must_use]
    pub fn of(rollup: &Rollup) -> Self {
        let durations = &rollup.durations;
        let count = durations.count();
        let estimated = Estimated {
            users: !rollup.users.is_exact(),
            sessions: !rollup.sessions.is_exact(),
            durations: true,
            bounces: !rollup.visits.is_exact(),
        };
        let sessions = distinct(&rollup.sessions, rollup.events);
        let users = distinct(&rollup.users, rollup.events);
        let by_error = |above: u64| (above as f64) < users as f64 * DISTINCT_RELATIVE_ERROR;
        let lowered = estimated.users
            && estimated.sessions
            && users.checked_sub(sessions).is_some_and(by_error);
        Self {
            events: rollup.events,
            users: if lowered { sessions } else { users },
            sessions,
            value_micros: rollup.value_micros,
            bounce_rate: rollup.visits.bounce_rate(),
            duration_avg_ms: (count > 0).then(|| rollup.duration_ms as f64 / count as f64),
            duration_p50_ms: durations.quantile(0.5),
            duration_p95_ms: durations.quantile(0.95),
            duration_p99_ms: durations.quantile(0.99),
            estimated,
        }
    }

    /// Takes the rate that was counted from events.
    pub(super) const fn set_bounce_rate(&mut self, exact: Option<f64>) {
        self.bounce_rate = exact;
        self.estimated.bounces = false;
    }

    fn events_per_session(&self) -> Option<f64> {
        (self.sessions > 0).then(|| self.events as f64 / self.sessions as f64)
    }

    fn fraction(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Events => Some(self.events as f64),
            Metric::Users => Some(self.users as f64),
            Metric::Sessions => Some(self.sessions as f64),
            Metric::Value => Some(self.value_micros as f64 / 1e6),
            Metric::EventsPerSession => self.events_per_session(),
            Metric::BounceRate => self.bounce_rate,
            Metric::DurationAvg => self.duration_avg_ms,
            Metric::DurationP50 => self.duration_p50_ms,
            Metric::DurationP95 => self.duration_p95_ms,
            Metric::DurationP99 => self.duration_p99_ms,
        }
    }

    /// As answers show it: a number, a decimal string for `value`, `null` where it isn't defined.
    #[must_use]
    pub fn shown(&self, metric: Metric) -> Value {
        match metric {
            Metric::Events => self.events.into(),
            Metric::Users => self.users.into(),
            Metric::Sessions => self.sessions.into(),
            Metric::Value => decimal(self.value_micros).into(),
            Metric::BounceRate => self.bounce_rate.into(),
            _ => self.fraction(metric).map(rounded).into(),
        }
    }

    /// The metrics as members of an object.
    pub fn show(&self, metrics: &[Metric], object: &mut Map<String, Value>) {
        for metric in metrics {
            object.insert(metric.as_str().to_owned(), self.shown(*metric));
        }
    }

    /// By how much a metric has grown since `earlier`: 0.25 is a quarter more. `None` from
    /// nothing.
    #[must_use]
    pub fn change(&self, earlier: &Self, metric: Metric) -> Option<f64> {
        let (now, then) = (self.fraction(metric)?, earlier.fraction(metric)?);
        (then != 0.0).then(|| (now - then) / then.abs())
    }

    /// Ascending; what isn't defined comes last in either direction, so it has no place here.
    #[must_use]
    pub fn compare(&self, other: &Self, metric: Metric) -> Ordering {
        match metric {
            Metric::Value => self.value_micros.cmp(&other.value_micros),
            Metric::Events => self.events.cmp(&other.events),
            _ => {
                let (a, b) = (self.fraction(metric), other.fraction(metric));
                a.unwrap_or_default().total_cmp(&b.unwrap_or_default())
            }
        }
    }

    #[must_use]
    pub fn is_defined(&self, metric: Metric) -> bool {
        self.fraction(metric).is_some()
    }

    /// The relative error of a metric where it is an estimate here.
    fn error(&self, metric: Metric) -> Option<f64> {
        let estimated = match metric {
            Metric::Users => self.estimated.users,
            Metric::Sessions | Metric::EventsPerSession => self.estimated.sessions,
            Metric::DurationP50 | Metric::DurationP95 | Metric::DurationP99 => {
                let beyond = |ms| ms >= EXACT_DURATION_BELOW;
                let shown = self.fraction(metric);
                let beyond = self.estimated.durations && shown.is_some_and(beyond);
                return beyond.then_some(DURATION_RELATIVE_ERROR);
            }
            Metric::BounceRate => {
                let rate = self.bounce_rate.filter(|_| self.estimated.bounces);
                // Of a rate of 0 any error is infinitely large.
                return rate.map(|rate| (Visits::error_of(rate) / rate).min(1.0));
            }
            _ => false,
        };
        estimated.then_some(DISTINCT_RELATIVE_ERROR)
    }
}

/// Which of `metrics` are estimates in these figures: `{metric: {"relative_error": x}}`.
pub fn estimates<'f>(
    figures: impl IntoIterator<Item = &'f Figures>,
    metrics: &[Metric],
) -> Map<String, Value> {
    let mut errors = [0.0_f64; Metric::COUNT];
    for figures in figures {
        for metric in metrics {
            let error = figures.error(*metric).unwrap_or_default();
            let worst = &mut errors[*metric as usize];
            *worst = worst.max(error);
        }
    }
    let shown = |metric: &&Metric| errors[**metric as usize] > 0.0;
    let member = |metric: &Metric| {
        let error = errors[*metric as usize];
        (
            metric.as_str().to_owned(),
            json!({ "relative_error": error }),
        )
    };
    metrics.iter().filter(shown).map(member).collect()
}

#[cfg(test)]
mod tests;
