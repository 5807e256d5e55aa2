use proptest::prelude::*;

use super::*;

fn total(entries: u64, events: u64) -> Total {
    Total { entries, events }
}

#[test]
fn what_others_append_one_by_one_counts_as_one_each() {
    let mixed = |others| {
        let known = Known { others, gone: 0 };
        Total::of(total(50, 5_000), 100, known)
    };
    // 50 of ours with 5,000 events, then 950 of others.
    assert_eq!(mixed(950), total(1_000, 5_950));
    assert_eq!(History::default().backlog(mixed(950), 100), 595);
    // What is in the stream was given to it.
    assert_eq!(mixed(0), total(100, 5_050));
    let only_others = Total::of(total(0, 0), 100, Known::default());
    assert_eq!(History::default().backlog(only_others, 100), 100);
}

#[test]
fn what_others_have_added_since_is_seen_in_the_length() {
    let known = Known {
        others: 10,
        gone: 1_000,
    };
    let accepted = total(1_000, 50_000);
    assert_eq!(Total::of(accepted, 10, known), total(1_010, 50_010));
    assert_eq!(Total::of(accepted, 500, known), total(1_500, 50_500));
    assert_eq!(Total::of(accepted, 0, known), total(1_010, 50_010));
}

#[test]
fn before_the_first_look_the_mean_holds() {
    let (mut history, now) = (History::default(), total(200_000, 100_000_000));
    assert_eq!(history.backlog(total(0, 0), 0), 0);
    assert_eq!(history.backlog(now, 0), 0);
    assert_eq!(history.backlog(now, 1_000), 500_000);
    history.remember(now, 1_000);
    // The mean changes with what comes later, and what waits does not.
    assert_eq!(
        history.backlog(total(212_000, 100_012_000), 13_000),
        512_000
    );
}

#[test]
fn small_entries_after_large_ones_are_counted_as_they_are() {
    let mut history = History::default();
    for n in 0..=200 {
        history.remember(total(n * 1_000, n * 500_000), 0);
    }
    for n in 1..=12_000 {
        let now = total(200_000 + n, 100_000_000 + n);
        if n % 100 == 0 {
            history.remember(now, n);
        }
        assert_eq!(history.backlog(now, n), n);
    }
    let now = total(212_000, 100_012_000);
    for waiting in [11_999, 6_050, 1] {
        history.remember(now, waiting);
        assert_eq!(history.backlog(now, waiting), waiting);
    }
}

#[test]
fn large_entries_after_small_ones_are_counted_as_they_are() {
    let mut history = History::default();
    history.remember(total(1_000_000, 1_000_000), 0);
    for n in 1..=40 {
        let now = total(1_000_000 + n * 100, 1_000_000 + n * 50_000);
        history.remember(now, n * 100);
        assert_eq!(history.backlog(now, n * 100), n * 50_000);
    }
}

#[test]
fn what_redis_lost_is_forgotten() {
    let mut history = History::default();
    for n in 0..10 {
        history.remember(total(n * 100, n * 50_000), n * 100);
    }
    // The last second, then everything.
    let (younger, new) = (total(850, 425_000), total(30, 60));
    history.remember(younger, 150);
    assert_eq!(history.backlog(younger, 150), 75_000);
    history.remember(new, 20);
    assert_eq!(history.backlog(new, 20), 40);
}

#[test]
fn a_stream_that_rests_takes_no_room() {
    let mut history = History::default();
    for _ in 0..1_000 {
        history.remember(total(7, 70), 7);
    }
    assert_eq!(history.0.len(), 1);
}

#[test]
fn changes_are_remembered_and_what_stays_equal_is_not() {
    let (mut history, mut now) = (History::default(), Total::default());
    let mut exact = vec![0];
    // 100 changes, each 100 looks apart.
    for n in 0..10_000_u64 {
        let events = if n / 100 % 2 == 0 { 500 } else { 1 };
        now = total(now.entries + 10, now.events + 10 * events);
        exact.push(now.events);
        history.remember(now, now.entries);
        assert!(history.0.len() <= MAX_TOTALS);
    }
    for (n, gone) in exact.iter().enumerate() {
        let waiting = now.entries - 10 * n as u64;
        assert_eq!(history.backlog(now, waiting), now.events - gone, "{n}");
    }
}

proptest! {
    #[test]
    fn with_a_look_at_each_change_it_is_exact(
        steps in prop::collection::vec((1..200_u64, 1..600_u64, 0..400_u64), 1..200),
    ) {
        let (mut history, mut now, mut gone) = (History::default(), Total::default(), 0);
        let mut sizes = Vec::new();
        for (entries, events, drained) in steps {
            now = total(now.entries + entries, now.events + entries * events);
            sizes.extend(std::iter::repeat_n(events, entries as usize));
            gone = now.entries.min(gone + drained);
            let waiting = now.entries - gone;
            history.remember(now, waiting);
            let truth: u64 = sizes[gone as usize..].iter().sum();
            prop_assert_eq!(history.backlog(now, waiting), truth);
        }
    }
}
