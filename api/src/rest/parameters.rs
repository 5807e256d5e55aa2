//! Query parameters: known names only, each once (except `filter`), each validated before a query
//! is built.

use axum::http::Uri;
use common::time::UnixMicros;
use jiff::tz::TimeZone;

use super::time;
use crate::{
    error::ApiError,
    query::{
        filter::{Budget, Filter},
        interval::Interval,
        range::{MAX_BUCKETS, Range},
    },
};

const MAX_QUERY_BYTES: usize = 8_192;
pub(super) const DEFAULT_RANGE: &str = "now-24h";
/// Joined by `and` where they come more than once.
const REPEATABLE: [&str; 2] = ["filter", "return_filter"];

/// Names and values, decoded.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// # Errors
    /// 422 for a name that isn't in `allowed`, for one that comes twice but may not, and for
    /// what can't be decoded.
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
            let again = pairs[..at].iter().any(|(earlier, _)| earlier == name);
            if again && !REPEATABLE.contains(&name.as_str()) {
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
        let from = self.get("from").unwrap_or(DEFAULT_RANGE);
        let to = self.get("to").unwrap_or("now");
        range_of(["from", "to"], (from, to), now)
    }

    /// # Errors
    /// 422 for a name that the tz database doesn't have.
    pub fn zone(&self) -> Result<(String, TimeZone), ApiError> {
        zone_of(self.get("tz").unwrap_or("UTC"))
    }

    /// All that are given, joined by `and`; none: everything.
    ///
    /// # Errors
    /// 422 `invalid_filter` for what isn't a filter.
    pub fn filter(&self, name: &str) -> Result<Filter, ApiError> {
        self.filter_within(&mut Budget::default(), name)
    }

    /// # Errors
    /// As [`Self::filter`], and for more than is left.
    pub(super) fn filter_within(
        &self,
        budget: &mut Budget,
        name: &str,
    ) -> Result<Filter, ApiError> {
        let given = self.pairs.iter().filter(|(known, _)| known == name);
        let texts = given.map(|(_, text)| text.as_str());
        Filter::from_query_within(budget, texts).map_err(|error| ApiError::filter(name, error))
    }

    /// # Errors
    /// 422 outside `1..=most`.
    pub fn limit(&self, default: u32, most: u32) -> Result<u32, ApiError> {
        self.number("limit", default, most)
    }

    /// # Errors
    /// 422 outside `1..=most`: it names the nearest that is allowed.
    pub fn number(&self, name: &str, default: u32, most: u32) -> Result<u32, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let detail = || format!("{name} must be a whole number from 1 to {most}");
        let number: u64 = text
            .parse()
            .map_err(|_| ApiError::parameter(name, detail()))?;
        let nearest = number.clamp(1, u64::from(most));
        match u32::try_from(number) {
            Ok(number) if u64::from(number) == nearest => Ok(number),
            _ => Err(ApiError::parameter(name, detail()).with("nearest", nearest)),
        }
    }

    /// # Errors
    /// 422 for what is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
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
        let interval = self.get("interval").unwrap_or("auto");
        interval_of(["interval", "from"], interval, range)
    }
}

/// `names` are those of the parameters.
///
/// # Errors
/// As [`Parameters::range`].
pub(super) fn range_of(
    names: [&str; 2],
    (from, to): (&str, &str),
    now: UnixMicros,
) -> Result<Range, ApiError> {
    let moment = |name: &str, text: &str| {
        time::parse(text, now).map_err(|why| ApiError::parameter(name, format!("{name} {why}")))
    };
    let range = Range {
        from: moment(names[0], from)?,
        to: moment(names[1], to)?,
    };
    if range.from < range.to {
        return Ok(range);
    }
    let detail = match names {
        [from, to] if from == to => format!("{from} must begin before it ends"),
        [from, to] => format!("{from} must lie before {to}"),
    };
    Err(ApiError::parameter(names[0], detail))
}

/// # Errors
/// As [`Parameters::zone`].
pub(super) fn zone_of(name: &str) -> Result<(String, TimeZone), ApiError> {
    let zone = TimeZone::get(name).map_err(|_| {
        ApiError::parameter("tz", "tz must be an IANA time zone such as Europe/Berlin")
    })?;
    let canonical = zone.iana_name().unwrap_or(name).to_owned();
    Ok((canonical, zone))
}

/// `names` are those of the parameters that hold the interval and the range.
///
/// # Errors
/// As [`Parameters::interval`].
pub(super) fn interval_of(
    [parameter, of_range]: [&str; 2],
    text: &str,
    range: Range,
) -> Result<Interval, ApiError> {
    let interval = match text {
        "auto" => Interval::auto(range),
        text => Interval::parse(text).ok_or_else(|| {
            let names = Interval::ALL.map(Interval::as_str);
            let detail = format!("{parameter} must be auto, or one of {}", names.join(", "));
            ApiError::parameter(parameter, detail).with("allowed", names.to_vec())
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
            Err(ApiError::refused("too_many_buckets", parameter, detail)
                .with("nearest", nearest.as_str()))
        }
        None => {
            let detail =
                format!("the range holds more than {MAX_BUCKETS} months; ask for a shorter one");
            Err(ApiError::refused("too_many_buckets", of_range, detail))
        }
    }
}
