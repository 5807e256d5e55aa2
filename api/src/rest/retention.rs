//! `/api/v1/retention`.

use axum::{extract::State, http::Uri, response::Response};
use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{
    answer::{Meta, answer},
    parameters::Parameters,
    time,
};
use crate::{
    error::ApiError,
    query::{
        filter::Budget,
        interval::{Interval, bucket_edges},
        range::{Range, rfc3339_in},
        retention::{self, Cohort, Retention},
        rollups::Origin,
    },
    state::ApiState,
};

pub(super) const MOST_PERIODS: u32 = 100;
pub(super) const MOST_COHORTS: usize = 400;
const TOO_LONG: &str = "the cohorts took too long: every event of the range is read; \
                        take a shorter range, or filters that fewer events pass";
const PERIODS: [(&str, Interval); 3] = [
    ("day", Interval::Day),
    ("week", Interval::Week),
    ("month", Interval::Month),
];

pub(super) async fn retention(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = [
        "period",
        "periods",
        "from",
        "to",
        "tz",
        "filter",
        "return_filter",
    ];
    let parameters = Parameters::read(&uri, &allowed)?;
    let now = UnixMicros::now();
    let (name, zone) = parameters.zone()?;
    let (period, interval) = period(&parameters)?;
    let periods = parameters.number("periods", 8, MOST_PERIODS)? as usize;
    let range = range(&parameters, interval, periods, &zone, now)?;
    let edges = edges(range, (period, interval), &zone)?;
    let filter = parameters.filter("filter")?;
    let returned = match parameters.get("return_filter") {
        Some(_) => parameters.filter_within(&mut Budget::beside(&filter), "return_filter")?,
        None => filter.clone(),
    };
    let mut meta = Meta::new(state.watermark())
        .range(range, &name, &zone)
        .counted(Origin::Raw, Map::new())
        .with("periods", periods);
    for (member, filter) in [("filter", &filter), ("return_filter", &returned)] {
        if !filter.is_everything() {
            meta = meta.with(member, filter.to_json());
        }
    }
    let retention = Retention {
        range,
        edges,
        filter,
        returned,
        periods,
    };
    let snapshot = state.database.snapshot_in(&state.analyses).await?;
    let cohorts = retention::cohorts(&snapshot, &retention)
        .await
        .map_err(|error| ApiError::of_analysis(error, TOO_LONG))?;
    snapshot.finish().await?;
    let rows = cohorts.iter().enumerate().map(|(at, cohort)| {
        let start = rfc3339_in(retention.edges[at], &zone);
        // The range may begin in a period; the one that its end or `now` lies in isn't over.
        let whole = |period: usize| {
            let (from, to) = (
                retention.edges[at + period],
                retention.edges[at + period + 1],
            );
            from >= range.from && to <= range.to.min(now)
        };
        row(start, cohort, whole)
    });
    let data = json!({ "period": period, "cohorts": rows.collect::<Vec<_>>() });
    Ok(answer(data, meta))
}

fn row(start: String, cohort: &Cohort, whole: impl Fn(usize) -> bool) -> Value {
    let returned = cohort.returned.iter().enumerate().map(|(period, users)| {
        json!({
            "period": period,
            "users": users,
            "rate": (cohort.size > 0).then(|| *users as f64 / cohort.size as f64),
            "partial": !whole(period),
        })
    });
    let returned: Vec<_> = returned.collect();
    json!({"start": start, "size": cohort.size, "partial": !whole(0), "returned": returned})
}

fn period(parameters: &Parameters) -> Result<(&'static str, Interval), ApiError> {
    let name = parameters.get("period").unwrap_or("week");
    let known = PERIODS.into_iter().find(|(known, _)| *known == name);
    known.ok_or_else(|| {
        let detail = format!("{name:?} is not a period; there are: day, week, month");
        ApiError::parameter("period", detail).with("allowed", vec!["day", "week", "month"])
    })
}

/// Without `from`: as many periods as are looked at, the last one holding the end.
fn range(
    parameters: &Parameters,
    interval: Interval,
    periods: usize,
    zone: &TimeZone,
    now: UnixMicros,
) -> Result<Range, ApiError> {
    if parameters.get("from").is_some() {
        return parameters.range(now);
    }
    let to = time::parse(parameters.get("to").unwrap_or("now"), now)
        .map_err(|why| ApiError::parameter("to", format!("to {why}")))?;
    let back = longest(interval) * (periods as i64 + 1);
    let from = UnixMicros(to.0.saturating_sub(back));
    let edges = bucket_edges(Range { from, to }, interval, zone);
    let from = edges[edges.len().saturating_sub(periods + 1)];
    Ok(Range { from, to })
}

/// Microseconds; no period is longer.
const fn longest(interval: Interval) -> i64 {
    interval.micros() / 4 * 5
}

fn edges(
    range: Range,
    (period, interval): (&str, Interval),
    zone: &TimeZone,
) -> Result<Vec<UnixMicros>, ApiError> {
    // No edges of ages, only to refuse them.
    if range.micros() / longest(interval) > MOST_COHORTS as i64 {
        return Err(too_many(period));
    }
    let edges = bucket_edges(range, interval, zone);
    match edges.len() - 1 <= MOST_COHORTS {
        true => Ok(edges),
        false => Err(too_many(period)),
    }
}

fn too_many(period: &str) -> ApiError {
    let detail = format!("the range holds more than {MOST_COHORTS} cohorts; ask for a shorter one");
    let refused = ApiError::refused("too_many_buckets", "period", detail);
    match period {
        "day" => refused.with("nearest", "week"),
        "week" => refused.with("nearest", "month"),
        _ => refused,
    }
}
