//! Stored sketches are refused or read, and whatever was read can be counted, merged and stored
//! again. The first byte says which kind of sketch it is.

use common::rollup::{Distinct, Durations, Identity, Session, Visits};

pub(crate) fn check(bytes: &[u8]) {
    match bytes {
        [b'u', stored @ ..] => users(stored),
        [b'd', stored @ ..] => durations(stored),
        [b'v', stored @ ..] => visits(stored),
        _ => {}
    }
}

fn users(stored: &[u8]) {
    let Ok(mut set) = Distinct::decode(stored) else {
        return;
    };
    assert!(set.estimate() >= 0.0);
    let Ok(again) = Distinct::decode(&set.encode()) else {
        panic!("what was written can't be read");
    };
    assert_eq!(again.estimate(), set.estimate());
    set.insert(Identity::of("somebody"));
    set.merge(&again);
    assert!(set.estimate() > 0.0);
}

fn durations(stored: &[u8]) {
    let Ok(mut durations) = Durations::decode(stored) else {
        return;
    };
    assert_eq!(
        Durations::decode(&durations.encode()).ok().as_ref(),
        Some(&durations)
    );
    let again = durations.clone();
    durations.insert(7);
    durations.merge(&again);
    let quantiles = [0.0, 0.5, 0.99, 1.0].map(|q| durations.quantile(q));
    assert!(quantiles.is_sorted() && quantiles[0].is_some());
}

fn visits(stored: &[u8]) {
    let Ok(mut visits) = Visits::decode(Some(stored)) else {
        return;
    };
    assert_eq!(
        Visits::decode(visits.encode().as_deref()).ok().as_ref(),
        Some(&visits)
    );
    let again = visits.clone();
    visits.insert(Session::of("some visit"));
    visits.merge(&again);
    let rate = visits.bounce_rate();
    assert!(rate.is_some_and(|rate| (0.0..=1.0).contains(&rate)));
}
