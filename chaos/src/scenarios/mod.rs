//! All scenarios, by what is broken.

mod broken;
mod events;
mod moments;
mod network;
mod postgres;
mod processes;
mod redis;
mod refusals;
mod starts;

use std::time::Duration;

use crate::scenario::Scenario;

pub(crate) fn all() -> Vec<Scenario> {
    [
        network::all(),
        moments::all(),
        redis::all(),
        postgres::all(),
        refusals::all(),
        processes::all(),
        events::all(),
        broken::all(),
        starts::all(),
    ]
    .concat()
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::Draw;

    #[test]
    fn names_are_distinct_and_steps_follow_from_the_seed() {
        let all = all();
        let names: BTreeSet<_> = all.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all.len());
        for scenario in &all {
            let steps = |seed| (scenario.steps)(&mut Draw::new(seed, scenario.name)).len();
            assert_eq!(steps(1), steps(1), "{}", scenario.name);
        }
    }
}
