//! `/api/v1/metrics/timeseries`.

use axum::{extract::State, http::Uri, response::Response};
use common::{rollup::Rollup, time::UnixMicros};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{
    answer::{Meta, answer},
    metrics::{filtered, refuse_other_in_parts},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{
        number::{decimal, distinct},
        range::{Range, bucket_edges, rfc3339_in},
        rollups::{self, Sketches},
    },
    state::ApiState,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Events,
    Users,
    Sessions,
    Value,
}

impl Metric {
    const ALL: [(&'static str, Self); 4] = [
        ("events", Self::Events),
        ("users", Self::Users),
        ("sessions", Self::Sessions),
        ("value", Self::Value),
    ];

    fn list(parameters: &Parameters) -> Result<Vec<(&'static str, Self)>, ApiError> {
        let Some(text) = parameters.get("metrics") else {
            return Ok(Self::ALL.to_vec());
        };
        let known = |name: &str| Self::ALL.into_iter().find(|(known, _)| *known == name);
        text.split(',')
            .map(|name| {
                let allowed = Self::ALL.map(|(name, _)| name);
                let detail = || {
                    format!(
                        "{name:?} is not a metric; there are: {}",
                        allowed.join(", ")
                    )
                };
                known(name).ok_or_else(|| {
                    ApiError::parameter("metrics", detail()).with("allowed", allowed.to_vec())
                })
            })
            .collect()
    }

    fn of(self, bucket: &Rollup) -> Value {
        match self {
            Self::Events => bucket.events.into(),
            Self::Users => distinct(&bucket.users, bucket.events).into(),
            Self::Sessions => distinct(&bucket.sessions, bucket.events).into(),
            Self::Value => decimal(bucket.value_micros).into(),
        }
    }
}

/// What stands where nothing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    Zero,
    Null,
    None,
}

impl Fill {
    fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        match parameters.get("fill").unwrap_or("zero") {
            "zero" => Ok(Self::Zero),
            "null" => Ok(Self::Null),
            "none" => Ok(Self::None),
            _ => Err(ApiError::parameter(
                "fill",
                "fill must be zero, null or none",
            )),
        }
    }
}

pub(super) async fn timeseries(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = ["from", "to", "tz", "filter", "interval", "metrics", "fill"];
    let parameters = Parameters::read(&uri, &allowed)?;
    let now = UnixMicros::now();
    let range = parameters.range(now)?;
    let (name, zone) = parameters.zone()?;
    let subject = parameters.subject()?;
    refuse_other_in_parts(&subject, range)?;
    let interval = parameters.interval(range)?;
    let (shown, fill) = (Metric::list(&parameters)?, Fill::of(&parameters)?);
    let asked = |metric| shown.iter().any(|(_, asked)| *asked == metric);
    let sketches = Sketches {
        users: asked(Metric::Users),
        sessions: asked(Metric::Sessions),
        durations: false,
    };
    let edges = bucket_edges(range, interval, &zone);
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let (buckets, origin) = rollups::fold(&snapshot, range, &edges, &subject, sketches).await?;
    let other = rollups::other_events(&snapshot, range, &subject).await?;
    snapshot.finish().await?;
    let meta = filtered(
        meta.range(range, &name, &zone).source(origin, sketches),
        &parameters,
    )
    .with("interval", interval.as_str())
    .other(other);
    let series = Series {
        range,
        edges: &edges,
        zone: &zone,
        shown: &shown,
        fill,
        now,
    };
    Ok(answer(series.rows(&buckets), meta))
}

struct Series<'a> {
    range: Range,
    edges: &'a [UnixMicros],
    zone: &'a TimeZone,
    shown: &'a [(&'static str, Metric)],
    fill: Fill,
    now: UnixMicros,
}

impl Series<'_> {
    fn rows(&self, buckets: &[Rollup]) -> Vec<Map<String, Value>> {
        let rows = self.edges.windows(2).zip(buckets);
        rows.filter(|(_, bucket)| self.fill != Fill::None || bucket.events > 0)
            .map(|(edges, bucket)| self.row(edges[0], edges[1], bucket))
            .collect()
    }

    fn row(&self, start: UnixMicros, end: UnixMicros, bucket: &Rollup) -> Map<String, Value> {
        let mut row = Map::new();
        row.insert("bucket".into(), rfc3339_in(start, self.zone).into());
        for (name, metric) in self.shown {
            let hidden = self.fill == Fill::Null && bucket.events == 0;
            let value = if hidden {
                Value::Null
            } else {
                metric.of(bucket)
            };
            row.insert((*name).into(), value);
        }
        let partial = start < self.range.from || end > self.range.to || end > self.now;
        row.insert("partial".into(), partial.into());
        row
    }
}
