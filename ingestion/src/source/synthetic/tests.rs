//! The generator as a whole: what it writes, read back through the contract.

use std::collections::{BTreeMap, HashMap, HashSet};

use common::{
    event::{Acceptance, Event, Limits, parse},
    rollup::Dimension,
    time::UnixMicros,
};
use uuid::Uuid;

use super::*;

const NOW: UnixMicros = UnixMicros(1_763_634_907_123_456);
const RUN: Run = Run {
    seed: 42,
    started: NOW,
};

fn acceptance(at: UnixMicros) -> Acceptance {
    Acceptance {
        at,
        event_id: Uuid::nil(),
    }
}

fn faults() -> Faults {
    Faults {
        duplicates: 0.08,
        late: 0.05,
        out_of_order: 0.04,
        malformed: 0.06,
        skewed: 0.03,
    }
}

/// Writes the events of `segments` as the generator does: 1 ms per 50 events.
fn lines(run: Run, segments: &[Segment], count: u64) -> Vec<(Kind, Vec<u8>)> {
    lines_within(&Limits::default(), run, segments, count)
}

fn lines_within(
    limits: &Limits,
    run: Run,
    segments: &[Segment],
    count: u64,
) -> Vec<(Kind, Vec<u8>)> {
    let mut lines = Vec::new();
    for (n, segment) in segments.iter().enumerate() {
        let until = segments.get(n + 1).map_or(count, |next| next.from_index);
        let content = Content::new(run, &segment.population, segment.from_index, limits);
        let mut scratch = content.scratch();
        for i in segment.from_index..until {
            let mut line = Vec::new();
            let kind = content.write(i, NOW.saturating_add(at(i)), &mut scratch, &mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            assert!(!line.contains(&b'\n'));
            lines.push((kind, line));
        }
    }
    lines
}

fn at(i: u64) -> std::time::Duration {
    std::time::Duration::from_millis(i / 50)
}

fn segments() -> Vec<Segment> {
    let first = Population {
        faults: faults(),
        ..Population::default()
    };
    let second = Population {
        users: 300,
        ..first.clone()
    };
    let third = Population {
        mix: Mix {
            purchase: 50.0,
            ..Mix::default()
        },
        ..second.clone()
    };
    [(0, first), (7_001, second), (13_000, third)]
        .map(|(from_index, population)| Segment {
            from_index,
            population,
        })
        .into()
}

/// Counts what was written, knowing nothing of how.
fn counted(lines: &[(Kind, Vec<u8>)]) -> Truth {
    counted_within(&Limits::default(), lines)
}

fn counted_within(limits: &Limits, lines: &[(Kind, Vec<u8>)]) -> Truth {
    let mut truth = Truth::default();
    let (mut seen, mut users, mut sessions) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (i, (kind, line)) in lines.iter().enumerate() {
        truth.events += 1;
        truth.kinds.add(*kind);
        let accepted_at = NOW.saturating_add(at(i as u64));
        let event: Event<'_> = match parse(line, acceptance(accepted_at), limits) {
            Ok(event) => event,
            Err(violations) => {
                *truth
                    .dead_letters
                    .entry(violations.code().as_str())
                    .or_default() += 1;
                continue;
            }
        };
        if !seen.insert((event.occurred_at, event.event_id)) {
            truth.duplicates += 1;
            continue;
        }
        truth.unique += 1;
        for dimension in Dimension::ALL {
            let values: &mut BTreeMap<_, _> = truth.dimensions.entry(dimension).or_default();
            *values
                .entry(dimension.value_of(&event).to_owned())
                .or_default() += 1;
        }
        truth.value_micros += i128::from(event.value_micros.unwrap_or(0));
        truth.values += u64::from(event.value_micros.is_some());
        truth.duration_ms += event.duration_ms.unwrap_or(0).unsigned_abs() as u64;
        truth.durations += u64::from(event.duration_ms.is_some());
        users.insert(event.user_id.into_owned());
        sessions.insert(event.session_id.unwrap().into_owned());
    }
    truth.users = users.len() as u64;
    truth.sessions = sessions.len() as u64;
    truth
}

#[test]
fn a_prefix_recomputed_is_what_was_written() {
    let segments = segments();
    let lines = lines(RUN, &segments, 20_000);
    for count in [0, 1, 499, 7_000, 7_001, 13_500, 20_000] {
        let expected = counted(&lines[..count as usize]);
        assert_eq!(truth(RUN.seed, &segments, count), expected, "{count}");
    }
}

#[test]
fn the_truth_is_the_same_within_other_limits() {
    let limits = Limits {
        max_age: std::time::Duration::from_secs(60),
        max_future: std::time::Duration::ZERO,
    };
    let segments = segments();
    let lines = lines_within(&limits, RUN, &segments, 20_000);
    let expected = counted_within(&limits, &lines);
    assert_eq!(truth(RUN.seed, &segments, 20_000), expected);
}

#[test]
fn a_history_recomputed_is_what_was_written() {
    let population = Population {
        faults: faults(),
        limit: Some(10_000),
        history_seconds: Some(31_536_000),
        ..Population::default()
    };
    let segments = [Segment {
        from_index: 0,
        population,
    }];
    let lines = lines(RUN, &segments, 10_000);
    assert_eq!(truth(RUN.seed, &segments, 10_000), counted(&lines));
}

#[test]
fn every_malformation_gets_its_promised_code() {
    let faults = Faults {
        malformed: 0.5,
        ..Faults::default()
    };
    let segment = Segment {
        from_index: 0,
        population: Population {
            faults,
            ..Population::default()
        },
    };
    let mut seen: HashMap<Malformation, u32> = HashMap::new();
    for (kind, line) in lines(RUN, &[segment], 20_000) {
        let Kind::Malformed(how) = kind else { continue };
        // Accepted a while later, after a backlog.
        for delay in [0, 3_600] {
            let at = NOW.saturating_add(std::time::Duration::from_secs(delay));
            let refused = parse(&line, acceptance(at), &Limits::default()).unwrap_err();
            let text = String::from_utf8_lossy(&line);
            assert_eq!(refused.code(), how.code(), "{how:?}: {refused} in {text}");
        }
        *seen.entry(how).or_default() += 1;
    }
    assert_eq!(seen.len(), Malformation::ALL.len());
    assert!(seen.values().all(|n| (300..550).contains(n)), "{seen:?}");
}

#[test]
fn a_duplicate_has_the_same_bytes() {
    let lines = lines(RUN, &segments(), 20_000);
    let mut duplicates = 0;
    for (i, (kind, line)) in lines.iter().enumerate() {
        if let Kind::Duplicate { of } = kind {
            assert_eq!(*line, lines[*of as usize].1, "{i} of {of}");
            duplicates += 1;
        }
    }
    assert!(duplicates > 1_000);
}

#[test]
fn the_same_seed_run_again_has_other_ids_and_the_same_content() {
    let later = Run {
        started: NOW.saturating_add(std::time::Duration::from_secs(60)),
        ..RUN
    };
    let segments = segments();
    let (first, second) = (lines(RUN, &segments, 2_000), lines(later, &segments, 2_000));
    let ids = |lines: &[(Kind, Vec<u8>)]| -> HashSet<Uuid> {
        let parsed = lines.iter().filter_map(|(_, line)| {
            parse(line, acceptance(NOW), &Limits::default())
                .ok()
                .map(|e| e.event_id)
        });
        parsed.collect()
    };
    assert!(ids(&first).is_disjoint(&ids(&second)));
    assert_eq!(counted(&first), counted(&second));
    let id = *ids(&first).iter().next().unwrap();
    assert_eq!(id.get_version_num(), 7);
}

#[test]
fn times_lie_where_their_kind_says() {
    for (kind, line) in lines(RUN, &segments()[..1], 5_000) {
        let Ok(event) = parse(&line, acceptance(NOW), &Limits::default()) else {
            continue;
        };
        let ahead = (event.occurred_at.0 - NOW.0) as f64 / 1e6;
        let expected = match kind {
            Kind::Late => -21_600.0..=-59.0,
            Kind::OutOfOrder => -8.0..=-0.1,
            Kind::Skewed => 1.0..=301.0,
            _ => -0.003..=0.2,
        };
        assert!(expected.contains(&ahead), "{kind:?} {ahead}");
    }
}

#[test]
fn an_event_has_a_realistic_size() {
    let population = Population::default();
    let lines = lines(
        RUN,
        &[Segment {
            from_index: 0,
            population,
        }],
        20_000,
    );
    let bytes: usize = lines.iter().map(|(_, line)| line.len()).sum();
    let with_properties = lines
        .iter()
        .filter(|(_, line)| line.windows(12).any(|w| w == b"\"properties\""))
        .count();
    let (mean, share) = (bytes as f64 / 20_000.0, with_properties as f64 / 20_000.0);
    assert!((270.0..300.0).contains(&mean), "{mean}");
    assert!((0.13..0.17).contains(&share), "{share}");
}
