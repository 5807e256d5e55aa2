//! `/api/v1/metrics/realtime`.

use axum::{extract::State, http::Uri, response::Response};
use common::time::UnixMicros;
use serde_json::json;

use crate::{
    error::ApiError,
    query::{
        metric::{Figures, Metric, estimates},
        metrics::{self, MOST_COUNTED},
        number::rounded,
        range::rfc3339_in,
    },
    rest::{
        answer::{Meta, answer},
        asked::filtered,
        parameters::Parameters,
    },
    state::ApiState,
};

pub(in crate::rest) async fn realtime(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let parameters = Parameters::read(&uri, &["tz", "filter"])?;
    let (name, zone) = parameters.zone()?;
    let filter = parameters.filter("filter")?;
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let now = UnixMicros::now();
    let counted = metrics::realtime(&snapshot, now, &filter).await?;
    snapshot.finish().await?;
    let data = &counted.data;
    let counts = |all: &Figures| json!({"events": all.events, "users": all.users});
    let minute = |(start, minute): &(UnixMicros, Figures)| {
        let bucket = rfc3339_in(*start, &zone);
        json!({"bucket": bucket, "events": minute.events, "users": minute.users})
    };
    let second = |(start, events): &(UnixMicros, u64)| json!({"bucket": rfc3339_in(*start, &zone), "events": events});
    let figures = data.minutes.iter().map(|(_, minute)| minute);
    let figures = figures.chain([&data.last_5, &data.last_30]);
    let seconds = data.seconds.as_ref();
    let seconds = seconds.map(|seconds| seconds.iter().map(second).collect::<Vec<_>>());
    let mut meta = filtered(meta, &filter)
        .counted(counted.origin, estimates(figures, &[Metric::Users]))
        .with("tz", name)
        .other(counted.other_events);
    if seconds.is_none() {
        let why = format!(
            "more than {MOST_COUNTED} events in the last two minutes: only minutes are counted"
        );
        meta = meta.with("omitted", json!({ "seconds": why }));
    }
    let data = json!({
        "last_5_minutes": counts(&data.last_5),
        "last_30_minutes": counts(&data.last_30),
        "events_per_second": rounded(data.events_per_second),
        "minutes": data.minutes.iter().map(minute).collect::<Vec<_>>(),
        "seconds": seconds,
    });
    Ok(answer(data, meta))
}
