//! `/api/v1/metrics/*`.

use axum::{extract::State, http::Uri, response::Response};
use common::{
    rollup::{Dimension, OTHER, Rollup},
    time::UnixMicros,
};
use serde_json::{Value, json};

use super::{
    answer::{Meta, answer},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{
        metrics,
        number::{decimal, distinct, rounded},
        plan,
        range::{Range, rfc3339_in},
        rollups::{self, Origin, Sketches, Subject},
    },
    state::ApiState,
};

pub(super) async fn summary(State(state): State<ApiState>, uri: Uri) -> Result<Response, ApiError> {
    let parameters = Parameters::read(&uri, &["from", "to", "tz", "filter"])?;
    let range = parameters.range(UnixMicros::now())?;
    let (name, zone) = parameters.zone()?;
    let subject = parameters.subject()?;
    refuse_other_in_parts(&subject, range)?;
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let (all, origin) = metrics::summary(&snapshot, range, &subject).await?;
    let other = rollups::other_events(&snapshot, range, &subject).await?;
    snapshot.finish().await?;
    let sketches = Sketches {
        users: true,
        sessions: true,
        durations: true,
    };
    let meta = filtered(
        meta.range(range, &name, &zone).source(origin, sketches),
        &parameters,
    )
    .other(other);
    Ok(answer(summary_of(&all), meta))
}

fn summary_of(all: &Rollup) -> Value {
    let sessions = distinct(&all.sessions, all.events);
    let durations = all.durations.count();
    let quantile = |q| all.durations.quantile(q);
    json!({
        "events": all.events,
        "users": distinct(&all.users, all.events),
        "sessions": sessions,
        "value": decimal(all.value_micros),
        "events_per_session": (sessions > 0).then(|| rounded(all.events as f64 / sessions as f64)),
        "duration_ms": {
            "avg": (durations > 0).then(|| rounded(all.duration_ms as f64 / durations as f64)),
            "p50": quantile(0.5),
            "p95": quantile(0.95),
            "p99": quantile(0.99),
        },
    })
}

/// Which values are folded into `(other)` is known by the minute only.
pub(super) fn refuse_other_in_parts(subject: &Subject, range: Range) -> Result<(), ApiError> {
    let parts = Origin::of(&plan::split(range).edges) == Origin::RollupAndRaw;
    if parts && subject.value == OTHER {
        let detail = "(other) is known for whole minutes only: let from and to lie on minutes";
        return Err(ApiError::parameter("filter", detail));
    }
    Ok(())
}

pub(super) fn filtered(meta: Meta, parameters: &Parameters) -> Meta {
    match parameters.get("filter") {
        Some(filter) => meta.with("filter", filter),
        None => meta,
    }
}

pub(super) async fn breakdown(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = ["from", "to", "tz", "filter", "dimension", "limit"];
    let parameters = Parameters::read(&uri, &allowed)?;
    let range = parameters.range(UnixMicros::now())?;
    let (name, zone) = parameters.zone()?;
    let (dimension, limit) = (parameters.dimension()?, parameters.limit(10, 1_000)?);
    let subject = parameters.subject()?;
    if subject.dimension != Dimension::All && subject.dimension != dimension {
        let detail = format!(
            "a breakdown by {dimension} can't be filtered by {} yet: rollups hold one dimension each",
            subject.dimension
        );
        return Err(ApiError::refused("unsupported_filter", "filter", detail));
    }
    refuse_other_in_parts(&subject, range)?;
    let only = (subject.dimension == dimension).then_some(subject.value.as_str());
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let breakdown = metrics::breakdown(&snapshot, range, dimension, only, limit as usize).await?;
    snapshot.finish().await?;
    let sketches = Sketches {
        users: true,
        sessions: true,
        durations: false,
    };
    let meta = filtered(
        meta.range(range, &name, &zone)
            .source(breakdown.origin, sketches),
        &parameters,
    )
    .with("dimension", dimension.as_str())
    .with("limit", limit)
    .with("total_events", breakdown.total_events)
    .other((only != Some(OTHER)).then_some(breakdown.other_events));
    let total = breakdown.total_events.max(1) as f64;
    let row = |share: &metrics::Share| {
        json!({
            "key": share.key,
            "events": share.events,
            "users": distinct(&share.users, share.events),
            "sessions": distinct(&share.sessions, share.events),
            "value": decimal(share.value_micros),
            "share": share.events as f64 / total,
        })
    };
    Ok(answer(
        breakdown.shares.iter().map(row).collect::<Vec<_>>(),
        meta,
    ))
}

pub(super) async fn realtime(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(&uri, &["tz", "filter"])?;
    let (name, zone) = parameters.zone()?;
    let subject = parameters.subject()?;
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let now = UnixMicros::now();
    let realtime = metrics::realtime(&snapshot, now, &subject).await?;
    let shown = metrics::realtime_range(now);
    let other = rollups::other_events(&snapshot, shown, &subject).await?;
    snapshot.finish().await?;
    let counts =
        |all: &Rollup| json!({"events": all.events, "users": distinct(&all.users, all.events)});
    let minute = |(start, minute): &(UnixMicros, Rollup)| {
        json!({
            "bucket": rfc3339_in(*start, &zone),
            "events": minute.events,
            "users": distinct(&minute.users, minute.events),
        })
    };
    let data = json!({
        "last_5_minutes": counts(&realtime.last_5),
        "last_30_minutes": counts(&realtime.last_30),
        "events_per_second": rounded(realtime.events_per_second),
        "minutes": realtime.minutes.iter().map(minute).collect::<Vec<_>>(),
    });
    let sketches = Sketches {
        users: true,
        ..Sketches::default()
    };
    let meta = filtered(meta.source(Origin::Rollup, sketches), &parameters)
        .with("tz", name)
        .other(other);
    Ok(answer(data, meta))
}
