use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn session(n: u32) -> Session {
    Session::of(&format!("s-{n:06x}"))
}

fn visits(sessions: &[u32]) -> Visits {
    let mut visits = Visits::default();
    sessions.iter().for_each(|n| visits.insert(session(*n)));
    visits
}

/// Every session with its number of events; the sample is taken at the end.
fn counted(sessions: &[u32]) -> Visits {
    let mut events = BTreeMap::<u64, u32>::new();
    for n in sessions {
        *events.entry(session(*n).entry.get() >> 1).or_default() += 1;
    }
    let entry = |(hash, events)| hash << 1 | u64::from(events == 1);
    Visits {
        entries: Some(events.into_iter().map(entry).take(SAMPLE).collect()),
    }
}

/// Cut at random: as writers, minutes and tiers cut what a query puts together again.
fn parts(sessions: &[u32], mut cuts: Vec<usize>) -> Vec<Visits> {
    cuts.extend([0, sessions.len()]);
    cuts.iter_mut()
        .for_each(|cut| *cut = (*cut).min(sessions.len()));
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|cut| visits(&sessions[cut[0]..cut[1]]))
        .collect()
}

/// Fewer sessions than are kept, about as many, many more; most of them more than once or not.
fn sessions() -> impl Strategy<Value = Vec<u32>> {
    (0..4_usize).prop_flat_map(|size| {
        let (distinct, most) = [(3, 20), (900, 2_000), (1_100, 3_000), (40_000, 9_000)][size];
        prop::collection::vec(0..distinct as u32, 0..most)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn merging_in_any_grouping_and_order_gives_what_counting_gives(
        sessions in sessions(),
        cuts in prop::collection::vec(0..9_000_usize, 0..12),
        order in any::<prop::sample::Index>(),
        stored in any::<bool>(),
    ) {
        let want = counted(&sessions);
        prop_assert_eq!(&visits(&sessions), &want);
        let mut parts = parts(&sessions, cuts);
        if stored {
            for part in &mut parts {
                *part = Visits::decode(part.encode().as_deref()).unwrap();
            }
        }
        // Two at a time, from anywhere: a tree of merges.
        while parts.len() > 1 {
            let part = parts.swap_remove(order.index(parts.len()));
            let onto = order.index(parts.len());
            parts[onto].merge(&part);
        }
        prop_assert_eq!(&parts[0], &want);
    }

    #[test]
    fn inserting_into_a_merged_sample_is_merging(
        before in sessions(),
        elsewhere in sessions(),
        after in sessions(),
    ) {
        let mut sample = visits(&before);
        sample.merge(&visits(&elsewhere));
        after.iter().for_each(|n| sample.insert(session(*n)));
        prop_assert_eq!(sample, counted(&[before, elsewhere, after].concat()));
    }

    #[test]
    fn any_bytes_are_refused_or_read_back_the_same(
        mut bytes in prop::collection::vec(any::<u8>(), 0..60),
        versioned in any::<bool>(),
    ) {
        if versioned && let Some(first) = bytes.first_mut() {
            *first = VERSION;
        }
        if let Ok(sample) = Visits::decode(Some(&bytes)) {
            prop_assert_eq!(Visits::decode(sample.encode().as_deref()).unwrap(), sample);
        }
    }
}

#[test]
fn what_is_unknown_stays_unknown() {
    let known = visits(&[1, 2, 2]);
    assert_eq!(known.bounce_rate(), Some(0.5));
    assert!(known.is_exact() && known.is_known());
    for (mut one, other) in [
        (known.clone(), Visits::UNKNOWN),
        (Visits::UNKNOWN, known.clone()),
    ] {
        one.merge(&other);
        one.insert(session(3));
        assert_eq!(one, Visits::UNKNOWN);
        assert_eq!((one.bounce_rate(), one.encode()), (None, None));
        assert!(!one.is_exact() && !one.is_known());
    }
    let mut none = Visits::default();
    assert_eq!((none.bounce_rate(), none.is_exact()), (None, true));
    none.merge(&known);
    assert_eq!(none, known);
}

#[test]
fn more_than_are_kept_or_wider_hashes_are_refused() {
    let stored = |entries: &[u64]| {
        let mut bytes = vec![VERSION];
        let mut last = 0;
        for entry in entries {
            leb128::write(entry - last, &mut bytes);
            last = entry & !ONCE;
        }
        Visits::decode(Some(&bytes))
    };
    let many: Vec<u64> = (1..=SAMPLE as u64 + 1).map(|hash| hash << 1).collect();
    assert!(stored(&many[..SAMPLE]).is_ok_and(|sample| !sample.is_exact()));
    assert!(stored(&many).is_err());
    assert!(stored(&[((1 << HASH_BITS) - 1) << 1 | ONCE]).is_ok());
    assert!(stored(&[1 << HASH_BITS << 1]).is_err());
    // The same session twice.
    assert!(stored(&[6, 6]).is_err() && stored(&[6, 7]).is_err());
}

#[test]
fn rates_are_within_four_errors() {
    for (sessions, bouncing) in [(100_000_u32, 0.1), (100_000, 0.5), (30_000, 0.93)] {
        let bounces = (f64::from(sessions) * bouncing) as u32;
        let mut sample = Visits::default();
        for n in 0..sessions {
            sample.insert(session(n));
            if n >= bounces {
                sample.insert(session(n));
            }
        }
        let rate = sample.bounce_rate().unwrap();
        assert!((rate - bouncing).abs() <= 4.0 * BOUNCE_RATE_ERROR, "{rate}");
        let bytes = sample.encode().map_or(0, |bytes| bytes.len());
        assert!(bytes <= 5 * SAMPLE, "{bytes} bytes");
    }
}
