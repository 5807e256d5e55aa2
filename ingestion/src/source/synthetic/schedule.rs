//! When the next events are due: an open loop that keeps its schedule, catches up after a
//! pause within a bound, and counts what it had to leave out.

use common::time::UnixMicros;
use rand_distr::{Distribution as _, Poisson};

use super::{
    profile::Profile,
    rng::Draws,
    settings::{Arrivals, Settings},
};

/// At most so much of the schedule is caught up after a pause, in seconds.
pub const CATCH_UP_SECONDS: f64 = 1.0;

/// Poisson arrivals are drawn step by step, so that how many there are until some moment
/// follows from the seed, and not from when somebody looked.
const STEP_SECONDS: f64 = 0.001;

const ARRIVALS: u64 = 0x6172_7269;

/// How busy each hour of the day (UTC) is; the mean is 1.
const DAY: [f64; 24] = [
    0.52, 0.42, 0.36, 0.33, 0.34, 0.42, 0.58, 0.80, 1.02, 1.18, 1.27, 1.31, 1.30, 1.30, 1.31, 1.31,
    1.31, 1.33, 1.40, 1.48, 1.45, 1.30, 1.12, 0.84,
];

/// The factor of the hour that holds `at`.
pub(super) fn hour_factor(at: UnixMicros) -> f64 {
    let hour = at.0.div_euclid(3_600_000_000).rem_euclid(24);
    DAY[usize::try_from(hour).unwrap_or(0)] * 24.0 / DAY.iter().sum::<f64>()
}

/// The schedule of one setting, from the moment it took effect.
#[derive(Debug)]
pub struct Schedule {
    profile: Profile,
    rate: f64,
    arrivals: Arrivals,
    day_shape: bool,
    draws: Draws,
    /// Steps of Poisson arrivals drawn so far.
    steps: u64,
    elapsed: f64,
    /// Wanted and not yet emitted; whole events are due.
    due: f64,
    missed: u64,
}

impl Schedule {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            profile: settings.profile.clone(),
            rate: settings.rate,
            arrivals: settings.arrivals,
            day_shape: settings.day_shape,
            draws: Draws::at(settings.seed, ARRIVALS),
            steps: 0,
            elapsed: 0.0,
            due: 0.0,
            missed: 0,
        }
    }

    /// Lets time pass until `elapsed` seconds after the start; `at` is the wall clock there.
    pub fn advance(&mut self, elapsed: f64, at: UnixMicros) {
        let factor = if self.day_shape { hour_factor(at) } else { 1.0 };
        let arrived = match self.arrivals {
            Arrivals::Uniform => self.wanted(self.elapsed, elapsed) * factor,
            Arrivals::Poisson => self.draw_until(elapsed, factor),
        };
        self.elapsed = elapsed;
        self.due += arrived.max(0.0);
        let most = self.rate_at(at).max(1.0) * CATCH_UP_SECONDS + 1.0;
        if self.due > most {
            let excess = (self.due - most).floor();
            self.due -= excess;
            self.missed += excess as u64;
        }
    }

    fn wanted(&self, from: f64, until: f64) -> f64 {
        let until = self.profile.wanted_until(self.rate, until);
        until - self.profile.wanted_until(self.rate, from)
    }

    fn draw_until(&mut self, elapsed: f64, factor: f64) -> f64 {
        let mut arrived = 0.0;
        while (self.steps + 1) as f64 * STEP_SECONDS <= elapsed {
            let from = self.steps as f64 * STEP_SECONDS;
            let mean = self.wanted(from, from + STEP_SECONDS) * factor;
            arrived += Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(&mut self.draws));
            self.steps += 1;
        }
        arrived
    }

    /// Whole events due now.
    #[must_use]
    pub const fn due(&self) -> u64 {
        self.due as u64
    }

    /// `events` of those due were emitted.
    pub const fn emitted(&mut self, events: u64) {
        self.due -= events as f64;
    }

    /// Events of the schedule that were given up since the last call.
    pub const fn take_missed(&mut self) -> u64 {
        std::mem::replace(&mut self.missed, 0)
    }

    /// Events per second wanted now.
    #[must_use]
    pub fn rate_at(&self, at: UnixMicros) -> f64 {
        let factor = if self.day_shape { hour_factor(at) } else { 1.0 };
        self.profile.rate_at(self.rate, self.elapsed) * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::synthetic::profile::Stage;

    const NOON: UnixMicros = UnixMicros(1_763_640_000_000_000);

    fn schedule(profile: Profile, rate: f64, arrivals: Arrivals) -> Schedule {
        Schedule::new(&Settings {
            profile,
            rate,
            arrivals,
            ..Settings::default()
        })
    }

    /// Emits all that is due in ticks of 5 ms, give or take one, as the task does.
    fn per_second(schedule: &mut Schedule, seconds: u32) -> Vec<u64> {
        let mut ticks = (1..=seconds * 200).map(|tick| f64::from(tick) * 0.005);
        (0..seconds)
            .map(|_| {
                ticks.by_ref().take(200).fold(0, |sum, t| {
                    let jitter = if ((t * 200.0) as u64).is_multiple_of(2) {
                        0.0
                    } else {
                        0.001
                    };
                    schedule.advance(t + jitter, NOON);
                    let due = schedule.due();
                    schedule.emitted(due);
                    sum + due
                })
            })
            .collect()
    }

    #[test]
    fn every_profile_is_met_within_a_percent_in_each_second() {
        for rate in [100.0, 1_000.0, 20_000.0, 200_000.0] {
            let profiles = [
                Profile::Constant,
                Profile::Ramp {
                    from: rate / 2.0,
                    to: rate,
                    seconds: 8.0,
                },
                Profile::Sine {
                    min: rate / 2.0,
                    max: rate,
                    period: 7.0,
                },
                Profile::Burst {
                    base: rate / 2.0,
                    peak: rate,
                    every: 4.0,
                    length: 1.0,
                },
                Profile::Stages {
                    stages: vec![
                        Stage {
                            rate: rate / 2.0,
                            seconds: 3.0,
                        },
                        Stage { rate, seconds: 4.0 },
                    ],
                },
            ];
            for profile in profiles {
                let mut schedule = schedule(profile.clone(), rate, Arrivals::Uniform);
                for (second, events) in (0..).map(f64::from).zip(per_second(&mut schedule, 12)) {
                    let wanted = profile.wanted_until(rate, second + 1.0)
                        - profile.wanted_until(rate, second);
                    let error = (events as f64 - wanted).abs();
                    // Whole events and the millisecond of jitter come on top.
                    assert!(
                        error <= 0.01 * wanted + 1.0,
                        "{profile:?} {second} {events} {wanted}"
                    );
                }
                assert_eq!(schedule.take_missed(), 0);
            }
        }
    }

    #[test]
    fn poisson_arrivals_have_the_right_mean_and_spread() {
        let mut schedule = schedule(Profile::Constant, 400.0, Arrivals::Poisson);
        let counts = per_second(&mut schedule, 400);
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<u64>() as f64 / n;
        let variance = counts
            .iter()
            .map(|c| (*c as f64 - mean).powi(2))
            .sum::<f64>()
            / n;
        assert!((mean - 400.0).abs() < 5.0, "{mean}");
        assert!((250.0..600.0).contains(&variance), "{variance}");
    }

    #[test]
    fn poisson_arrivals_do_not_depend_on_who_looks_when() {
        let until = |looks: &[f64]| {
            let mut schedule = schedule(Profile::Constant, 50_000.0, Arrivals::Poisson);
            looks.iter().for_each(|at| schedule.advance(*at, NOON));
            schedule.due()
        };
        let often: Vec<f64> = (1..=700).map(|n| f64::from(n) * 0.001_3).collect();
        assert_eq!(until(&[often[699]]), until(&often));
    }

    #[test]
    fn a_long_pause_is_caught_up_within_the_bound_and_the_rest_reported() {
        let mut schedule = schedule(Profile::Constant, 1_000.0, Arrivals::Uniform);
        schedule.advance(10.0, NOON);
        assert_eq!(schedule.due(), 1_001);
        assert_eq!(schedule.take_missed(), 8_999);
        assert_eq!(schedule.take_missed(), 0);
    }

    #[test]
    fn the_day_has_a_mean_of_one() {
        let sum: f64 = (0..24)
            .map(|h| hour_factor(UnixMicros(h * 3_600_000_000)))
            .sum();
        assert!((sum / 24.0 - 1.0).abs() < 1e-12);
    }
}
