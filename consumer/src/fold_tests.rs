use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use common::{
    event::Event,
    rollup::{Sample, Visits},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// What matters to the fold, small enough that values meet.
#[derive(Debug, Clone)]
struct Small {
    minute: i64,
    kind: u8,
    page: Option<u8>,
    user: u8,
    session: Option<u8>,
    value: Option<i64>,
    duration: Option<i32>,
}

fn small() -> impl Strategy<Value = Small> {
    (
        (0..3_i64, 0..4_u8, prop::option::of(0..30_u8), 0..20_u8),
        prop::option::of(0..20_u8),
        prop::option::of(any::<i64>()),
        prop::option::of(0..=i32::MAX),
    )
        .prop_map(
            |((minute, kind, page, user), session, value, duration)| Small {
                minute,
                kind,
                page,
                user,
                session,
                value,
                duration,
            },
        )
}

fn event(small: &Small) -> Event<'static> {
    // One of the pages is called as the rest of them is.
    let page = |n| {
        if n == 7 {
            OTHER.to_owned()
        } else {
            format!("/{n}")
        }
    };
    Event {
        event_id: Uuid::nil(),
        event_type: Cow::Owned(format!("type{}", small.kind)),
        occurred_at: UnixMicros(small.minute * 60_000_000 + i64::from(small.user)),
        user_id: Cow::Owned(format!("u{}", small.user)),
        session_id: small.session.map(|n| Cow::Owned(format!("s{n}"))),
        page: small.page.map(|n| Cow::Owned(page(n))),
        referrer: None,
        country: None,
        device: None,
        browser: None,
        os: None,
        value_micros: small.value,
        duration_ms: small.duration,
        properties: None,
    }
}

/// Folds `batches` one after the other, each row of the result checked for order.
fn folded(batches: &[Vec<Small>], max_values: usize) -> Memory {
    let mut memory = Memory::default();
    for batch in batches {
        let mut values = Values::default();
        let events: Vec<_> = batch.iter().map(event).collect();
        let rows: Vec<_> = events
            .iter()
            .map(|event| Row {
                entry: 0,
                index: 0,
                occurred_at: event.occurred_at,
                event_id: event.event_id,
                values: values.ids_of(event),
                sample: Sample::of(event),
            })
            .collect();
        let folded = memory.fold(rows.iter(), &values, max_values);
        let keys = folded.iter().map(|f| (f.dimension, f.bucket, &*f.value));
        assert!(
            keys.clone().zip(keys.skip(1)).all(|(a, b)| a < b),
            "in order, each once"
        );
        memory.advance(folded);
    }
    memory
}

type Key = (Dimension, UnixMicros, String);

/// With its users, and with its sessions and the events of each.
type Naive = (Rollup, BTreeSet<u8>, BTreeMap<u8, u32>);

/// Event by event, without a cap.
fn naive(batches: &[Vec<Small>]) -> BTreeMap<Key, Naive> {
    let mut rollups = BTreeMap::<Key, Naive>::new();
    for small in batches.iter().flatten() {
        let event = event(small);
        for dimension in Dimension::ALL {
            let bucket = UnixMicros(small.minute * 60_000_000);
            let key = (dimension, bucket, dimension.value_of(&event).to_owned());
            let (rollup, users, sessions) = rollups.entry(key).or_default();
            rollup.events += 1;
            rollup.value_micros += i128::from(small.value.unwrap_or_default());
            rollup.values += u64::from(small.value.is_some());
            if let Some(ms) = small.duration {
                rollup.duration_ms += ms.unsigned_abs() as u64;
                rollup.durations.insert(ms.unsigned_abs());
            }
            users.insert(small.user);
            if let Some(session) = small.session {
                *sessions.entry(session).or_default() += 1;
            }
        }
    }
    rollups
}

fn sums(rollup: &Rollup) -> (u64, i128, u64, u64, &common::rollup::Durations) {
    let Rollup {
        events,
        value_micros,
        values,
        duration_ms,
        durations,
        ..
    } = rollup;
    (*events, *value_micros, *values, *duration_ms, durations)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn folding_batches_gives_what_counting_events_gives(
        batches in prop::collection::vec(prop::collection::vec(small(), 0..60), 0..5),
    ) {
        let memory = folded(&batches, 1_000);
        let wanted = naive(&batches);
        let rows: Vec<_> = memory.rows().collect();
        prop_assert_eq!(rows.len(), wanted.len());
        for row in &rows {
            let key = (row.dimension, row.bucket, row.value.to_string());
            let (want, users, sessions) = &wanted[&key];
            prop_assert_eq!(sums(&row.rollup), sums(want), "{:?}", key);
            prop_assert_eq!(row.rollup.users.estimate().round() as usize, users.len());
            prop_assert_eq!(row.rollup.sessions.estimate().round() as usize, sessions.len());
            if row.dimension == Dimension::All {
                let once = sessions.values().filter(|events| **events == 1).count();
                let rate = (!sessions.is_empty()).then(|| once as f64 / sessions.len() as f64);
                prop_assert_eq!(row.rollup.visits.bounce_rate(), rate);
            } else {
                prop_assert_eq!(&row.rollup.visits, &Visits::UNKNOWN);
            }
        }
    }

    #[test]
    fn a_cap_bounds_the_values_and_keeps_the_sums(
        batches in prop::collection::vec(prop::collection::vec(small(), 0..60), 0..5),
        max_values in 1..12_usize,
    ) {
        let memory = folded(&batches, max_values);
        let wanted = naive(&batches);
        let (mut named, mut total) = (BTreeMap::new(), BTreeMap::<_, Rollup>::new());
        for row in memory.rows() {
            let place = (row.dimension, row.bucket);
            total.entry(place).or_default().merge(&row.rollup);
            if &*row.value != OTHER {
                *named.entry(place).or_insert(0) += 1;
                let key = (row.dimension, row.bucket, row.value.to_string());
                // Once named, always named: nothing of it is elsewhere.
                prop_assert_eq!(sums(&row.rollup), sums(&wanted[&key].0));
            }
        }
        prop_assert!(named.values().all(|n| *n <= max_values));
        let mut wanted_total = BTreeMap::<_, Rollup>::new();
        for ((dimension, bucket, _), (rollup, ..)) in &wanted {
            wanted_total.entry((*dimension, *bucket)).or_default().merge(rollup);
        }
        prop_assert_eq!(total.len(), wanted_total.len());
        for (place, rollup) in &total {
            prop_assert_eq!(sums(rollup), sums(&wanted_total[place]));
        }
    }
}

#[test]
fn the_memory_knows_about_how_large_it_is() {
    let batch = |minute, user| {
        let one = Small {
            minute,
            kind: 0,
            page: None,
            user,
            session: None,
            value: None,
            duration: None,
        };
        vec![one]
    };
    let small = folded(&[batch(0, 0)], 10).bytes();
    let same = folded(&vec![batch(0, 0); 50], 10).bytes();
    let twice = folded(&[batch(0, 0), batch(1, 0)], 10).bytes();
    assert!(small > 0);
    assert_eq!(same, small, "what is replaced isn't counted twice");
    assert_eq!(twice, 2 * small);
}
