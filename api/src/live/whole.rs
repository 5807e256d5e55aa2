//! The topics that send the whole state in every frame: `breakdown` and `realtime`.

use common::{
    rollup::{Dimension, Rollup},
    time::UnixMicros,
};
use serde_json::{Map, Value, json};

use super::{
    held::{Held, Lens, Slice},
    rows::total,
    spec::{Breakdown, REALTIME_MINUTES},
    top::Top,
    window::{first, minutes},
};
use crate::query::{metric::Figures, number::rounded, range::MINUTE};

/// `None` where something of it isn't known yet.
pub(super) fn breakdown(
    breakdown: &Breakdown,
    top: &Top,
    held: &Held,
    end: UnixMicros,
) -> Option<Map<String, Value>> {
    let table = held.tables.get(&breakdown.dimension)?;
    if !table.lacks(breakdown.minutes, end, 1).is_empty() {
        return None;
    }
    let mut rows = Vec::new();
    for (key, sum) in &top.rows {
        let all = match breakdown.sketches() {
            None => Rollup {
                events: sum.events,
                value_micros: sum.value_micros,
                ..Rollup::default()
            },
            Some(sketches) => {
                let lens = Lens::of_value(breakdown.dimension, key, sketches);
                let slice = held.slices.get(&lens)?;
                if !slice.lacks(breakdown.minutes, end, 1).is_empty() {
                    return None;
                }
                total(
                    slice
                        .last(breakdown.minutes, end)
                        .map(|(_, cell)| &cell.rollup),
                )
            }
        };
        let mut row = Map::new();
        row.insert("key".into(), key.as_str().into());
        Figures::of(&all).show(&breakdown.metrics, &mut row);
        let share = sum.events as f64 / top.total_events.max(1) as f64;
        row.insert("share".into(), share.into());
        rows.push(row);
    }
    let mut body = Map::new();
    let from = first(breakdown.minutes, end).to_rfc3339();
    body.insert("from".into(), from.into());
    body.insert("to".into(), end.to_rfc3339().into());
    body.insert("rows".into(), json!(rows));
    body.insert("total_events".into(), top.total_events.into());
    Some(body)
}

/// `None` where something of it isn't known yet.
pub(super) fn realtime(
    held: &Held,
    now: UnixMicros,
    end: UnixMicros,
) -> Option<Map<String, Value>> {
    let (lens, span) = Lens::of(&super::spec::Spec::Realtime)?;
    debug_assert_eq!(lens.dimension, Dimension::All);
    let slice = held.slices.get(&lens)?;
    if !slice.lacks(span, end, 1).is_empty() {
        return None;
    }
    let recent = events(slice, first(2, end), end);
    let passed = (now.0 - first(2, end).0) as f64 / 1e6;
    let rows: Vec<_> = minutes(REALTIME_MINUTES, end)
        .map(|at| {
            let mut row = counts(slice, at, UnixMicros(at.0 + MINUTE));
            row["bucket"] = at.to_rfc3339().into();
            row
        })
        .collect();
    let body = json!({
        "last_5_minutes": counts(slice, first(5, end), end),
        "last_30_minutes": counts(slice, first(REALTIME_MINUTES, end), end),
        "events_per_second": rounded(recent as f64 / passed.max(1.0)),
        "minutes": rows,
    });
    match body {
        Value::Object(body) => Some(body),
        _ => None,
    }
}

fn events(slice: &Slice, from: UnixMicros, to: UnixMicros) -> u64 {
    slice.between(from, to).map(|cell| cell.rollup.events).sum()
}

fn counts(slice: &Slice, from: UnixMicros, to: UnixMicros) -> Value {
    let all = total(slice.between(from, to).map(|cell| &cell.rollup));
    let figures = Figures::of(&all);
    json!({"events": figures.events, "users": figures.users})
}
