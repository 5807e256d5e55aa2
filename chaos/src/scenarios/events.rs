//! Events that come too often or are invalid.

use super::secs;
use crate::{
    fault::{Fault, Node},
    load::Load,
    scenario::{Draw, Promise, Scenario, Step},
};

pub(super) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "poison-rare",
            "poison 1 in 5,000: neighbours are stored",
            load_alone,
        )
        .load(|load| foreign_and_poisoned(load, 0.0002))
        .promise(dead_letters_alone),
        Scenario::new(
            "poison-every-second",
            "poison 1 in 2: neighbours are stored",
            load_alone,
        )
        .load(|load| foreign_and_poisoned(load, 0.5))
        .promise(dead_letters_alone)
        .short(),
        Scenario::new(
            "everything-twice",
            "a client's retry is stored once",
            consumer_killed,
        )
        .load(|load| {
            (load.http, load.foreign, load.generator) = (0.9, 0.1, 0.0);
            load.again = 1.0;
        })
        .short(),
    ]
}

const fn foreign_and_poisoned(load: &mut Load, share: f64) {
    (load.http, load.foreign, load.generator) = (0.1, 0.9, 0.0);
    load.poison = share;
}

/// Every one of them, which is what the audit is about.
const fn dead_letters_alone(promise: &mut Promise) {
    promise.is_noticed = false;
}

fn load_alone(_: &mut Draw) -> Vec<Step> {
    vec![Step::Wait(secs(1))]
}

fn consumer_killed(draw: &mut Draw) -> Vec<Step> {
    Step::during(Fault::Killed(Node::Consumer(0)), draw.seconds(0.0..2.0)).into()
}
