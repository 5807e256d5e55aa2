//! The range and the dimensions of a query.

use common::time::UnixMicros;
use jiff::{ToSpan as _, tz::TimeZone};
use serde::Deserialize;

use crate::{
    error::ApiError,
    query::{
        filter::Field,
        interval::{Interval, local_date, start_of},
        range::Range,
    },
    rest::{
        asked::field_of,
        parameters::{interval_of, range_of},
    },
};

const MAX_DIMENSIONS: usize = 2;

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "date_range must be a name or [from, to]")]
pub(super) enum DateRange {
    Named(String),
    Between(String, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dimension {
    Time(Interval),
    Field(Field),
}

impl Dimension {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Time(interval) => format!("time:{}", interval.as_str()),
            Self::Field(field) => field.name().into_owned(),
        }
    }

    /// Whether `name` means it in `order_by`.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name || (matches!(self, Self::Time(_)) && name == "time")
    }
}

pub(super) fn range(
    asked: &DateRange,
    zone: &TimeZone,
    now: UnixMicros,
) -> Result<Range, ApiError> {
    let name = match asked {
        DateRange::Between(from, to) => return range_of(["date_range"; 2], (from, to), now),
        DateRange::Named(name) => name.as_str(),
    };
    const NAMES: [&str; 10] = [
        "15m", "1h", "24h", "7d", "30d", "365d", "day", "week", "month", "year",
    ];
    if !NAMES.contains(&name) {
        let detail = format!(
            "date_range must be [from, to] or one of {}",
            NAMES.join(", ")
        );
        return Err(ApiError::parameter("date_range", detail).with("allowed", NAMES.to_vec()));
    }
    let today = local_date(now, zone);
    let weekday = i64::from(today.weekday().to_monday_zero_offset());
    let start = match name {
        "day" => Some(today),
        "week" => today.checked_sub(weekday.days()).ok(),
        "month" => Some(today.first_of_month()),
        "year" => Some(today.first_of_year()),
        _ => None,
    };
    let mut range = range_of(["date_range"; 2], (&format!("now-{name}"), "now"), now)
        .or_else(|_| range_of(["date_range"; 2], ("now-1m", "now"), now))?;
    if let Some(start) = start.and_then(|date| start_of(date, zone)) {
        range.from = start;
    }
    Ok(range)
}

pub(super) fn dimensions(names: &[String], range: Range) -> Result<Vec<Dimension>, ApiError> {
    if names.len() > MAX_DIMENSIONS {
        let detail = format!("a query has at most {MAX_DIMENSIONS} dimensions");
        return Err(ApiError::parameter("dimensions", detail));
    }
    let dimension = |name: &String| {
        let interval = match name.as_str() {
            "time" => Some("auto"),
            name => name.strip_prefix("time:"),
        };
        match interval {
            Some(interval) => {
                interval_of(["dimensions", "date_range"], interval, range).map(Dimension::Time)
            }
            None => field_of("dimensions", name).map(Dimension::Field),
        }
    };
    let all: Vec<Dimension> = names.iter().map(dimension).collect::<Result<_, _>>()?;
    if let [one, other] = all.as_slice() {
        let both_times = matches!((one, other), (Dimension::Time(_), Dimension::Time(_)));
        if both_times || one == other {
            let detail = format!("{} comes twice", other.name());
            return Err(ApiError::parameter("dimensions", detail));
        }
    }
    Ok(all)
}
