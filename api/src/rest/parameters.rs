//! Query parameters: known names only, each once, each checked before a query is made of it.

use axum::http::Uri;
use common::{
    rollup::{Dimension, key_value},
    time::UnixMicros,
};
use jiff::tz::TimeZone;

use super::time;
use crate::{
    error::ApiError,
    query::{
        range::{Interval, MAX_BUCKETS, Range},
        rollups::Subject,
    },
};

const MAX_QUERY_BYTES: usize = 8_192;
const DEFAULT_RANGE: &str = "now-24h";

/// Names and values, decoded.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// # Errors
    /// 422 for a name that isn't in `allowed`, for one that comes twice, and for what can't
    /// be decoded.
    pub fn read(uri: &Uri, allowed: &[&str]) -> Result<Self, ApiError> {
        let length = uri.query().map_or(0, str::len);
        if length > MAX_QUERY_BYTES {
            let detail =
                format!("the query has {length} bytes; at most {MAX_QUERY_BYTES} are read");
            return Err(ApiError::parameter("", detail));
        }
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        let axum::extract::Query(pairs) =
            query.map_err(|_| ApiError::parameter("", "the query can't be decoded"))?;
        for (at, (name, value)) in pairs.iter().enumerate() {
            let allowed_names = || allowed.join(", ");
            if !allowed.contains(&name.as_str()) {
                let detail = format!(
                    "unknown parameter {name:?}; allowed are: {}",
                    allowed_names()
                );
                return Err(ApiError::refused("unknown_parameter", name, detail)
                    .with("allowed", allowed.to_vec()));
            }
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(ApiError::parameter(name, format!("{name} is given twice")));
            }
            if value.contains('\0') {
                return Err(ApiError::parameter(
                    name,
                    format!("{name} holds a NUL character"),
                ));
            }
        }
        Ok(Self { pairs })
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// `[from, to)`, by default the last 24 hours.
    ///
    /// # Errors
    /// 422 for a moment that can't be read and for an empty range.
    pub fn range(&self, now: UnixMicros) -> Result<Range, ApiError> {
        let moment = |name: &str, default: &str| {
            let text = self.get(name).unwrap_or(default);
            time::parse(text, now).map_err(|why| ApiError::parameter(name, format!("{name} {why}")))
        };
        let range = Range {
            from: moment("from", DEFAULT_RANGE)?,
            to: moment("to", "now")?,
        };
        if range.from >= range.to {
            return Err(ApiError::parameter("from", "from must lie before to"));
        }
        Ok(range)
    }

    /// # Errors
    /// 422 for a name that the tz database doesn't have.
    pub fn zone(&self) -> Result<(String, TimeZone), ApiError> {
        let name = self.get("tz").unwrap_or("UTC");
        let zone = TimeZone::get(name).map_err(|_| {
            ApiError::parameter("tz", "tz must be an IANA time zone such as Europe/Berlin")
        })?;
        let canonical = zone.iana_name().unwrap_or(name).to_owned();
        Ok((canonical, zone))
    }

    /// `dimension:value`; the value may hold colons. Without one: everything.
    ///
    /// # Errors
    /// 422 for a dimension that there isn't.
    pub fn subject(&self) -> Result<Subject, ApiError> {
        let Some(filter) = self.get("filter") else {
            return Ok(Subject::everything());
        };
        let (name, value) = filter.split_once(':').ok_or_else(|| {
            ApiError::parameter(
                "filter",
                "filter must be <dimension>:<value>, such as country:DE",
            )
        })?;
        let dimension = dimension("filter", name)?;
        Ok(Subject {
            dimension,
            value: key_value(value).into_owned(),
        })
    }

    /// # Errors
    /// 422 where it is absent or unknown.
    pub fn dimension(&self) -> Result<Dimension, ApiError> {
        dimension("dimension", self.get("dimension").unwrap_or_default())
    }

    /// # Errors
    /// 422 outside `1..=most`.
    pub fn limit(&self, default: u32, most: u32) -> Result<u32, ApiError> {
        let Some(text) = self.get("limit") else {
            return Ok(default);
        };
        let number = text
            .parse::<u32>()
            .ok()
            .filter(|limit| (1..=most).contains(limit));
        let detail = || format!("limit must be a whole number from 1 to {most}");
        number.ok_or_else(|| ApiError::parameter("limit", detail()))
    }

    /// # Errors
    /// 422 for what is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(_) => Err(ApiError::parameter(
                name,
                format!("{name} must be true or false"),
            )),
        }
    }

    /// # Errors
    /// 422 for an unknown interval, and for one so fine that there would be more than 10,000
    /// buckets: it names the nearest that is allowed.
    pub fn interval(&self, range: Range) -> Result<Interval, ApiError> {
        let interval = match self.get("interval").unwrap_or("auto") {
            "auto" => Interval::auto(range),
            text => Interval::parse(text).ok_or_else(|| {
                let detail = "interval must be auto, 1m, 5m, 15m, 1h or 1d";
                ApiError::parameter("interval", detail)
            })?,
        };
        match interval.nearest_allowed(range) {
            Some(nearest) if nearest == interval => Ok(interval),
            Some(nearest) => {
                let detail = format!(
                    "{} over this range makes more than {MAX_BUCKETS} buckets; the nearest allowed interval is {}",
                    interval.as_str(),
                    nearest.as_str()
                );
                Err(ApiError::refused("too_many_buckets", "interval", detail)
                    .with("nearest", nearest.as_str()))
            }
            None => {
                let detail =
                    format!("the range holds more than {MAX_BUCKETS} days; ask for a shorter one");
                Err(ApiError::refused("too_many_buckets", "from", detail))
            }
        }
    }
}

fn dimension(parameter: &str, name: &str) -> Result<Dimension, ApiError> {
    let known = name
        .parse()
        .ok()
        .filter(|dimension| *dimension != Dimension::All);
    let allowed = Dimension::ALL[1..]
        .iter()
        .map(|dimension| dimension.as_str())
        .collect::<Vec<_>>();
    known.ok_or_else(|| {
        let detail = format!(
            "{name:?} is not a dimension; there are: {}",
            allowed.join(", ")
        );
        ApiError::parameter(parameter, detail).with("allowed", allowed)
    })
}
