//! Parameters of metric queries: which events, which metrics, in which order.

use common::time::UnixMicros;
use jiff::tz::TimeZone;

use super::{answer::Meta, parameters::Parameters};
use crate::{
    error::ApiError,
    query::{
        compare::Compare,
        filter::{Field, Filter},
        metric::Metric,
        page::Sort,
        range::Range,
    },
};

/// Of which events, and how times are shown.
pub(super) struct Scope {
    pub(super) range: Range,
    pub(super) zone_name: String,
    pub(super) zone: TimeZone,
    pub(super) filter: Filter,
}

impl Scope {
    pub(super) const NAMES: [&'static str; 4] = ["from", "to", "tz", "filter"];

    pub(super) fn read(parameters: &Parameters, now: UnixMicros) -> Result<Self, ApiError> {
        let range = parameters.range(now)?;
        let (zone_name, zone) = parameters.zone()?;
        let filter = parameters.filter("filter")?;
        Ok(Self {
            range,
            zone_name,
            zone,
            filter,
        })
    }

    /// Says in `meta` what was asked.
    pub(super) fn describe(&self, meta: Meta) -> Meta {
        let meta = meta.range(self.range, &self.zone_name, &self.zone);
        filtered(meta, &self.filter)
    }
}

pub(super) fn filtered(meta: Meta, filter: &Filter) -> Meta {
    if filter.is_everything() {
        return meta;
    }
    meta.with("filter", filter.to_json())
}

/// The names of metrics, each once.
pub(super) fn metrics_of<'n>(
    parameter: &str,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<Metric>, ApiError> {
    let mut metrics = Vec::new();
    for name in names {
        let metric = metric_of(parameter, name)?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    Ok(metrics)
}

pub(super) fn metric_of(parameter: &str, name: &str) -> Result<Metric, ApiError> {
    Metric::parse(name).ok_or_else(|| {
        let names = Metric::names();
        let detail = format!("{name:?} is not a metric; there are: {}", names.join(", "));
        ApiError::parameter(parameter, detail).with("allowed", names)
    })
}

pub(super) fn compare_of(text: &str) -> Result<Compare, ApiError> {
    Compare::parse(text).ok_or_else(|| {
        let detail = "compare must be previous or year";
        ApiError::parameter("compare", detail).with("allowed", Compare::NAMES.to_vec())
    })
}

pub(super) fn field_of(parameter: &str, name: &str) -> Result<Field, ApiError> {
    Field::parse(name).map_err(|error| {
        let refused = ApiError::parameter(parameter, error.detail);
        match error.allowed.as_slice() {
            [] => refused,
            allowed => refused.with("allowed", allowed.to_vec()),
        }
    })
}

impl Parameters {
    /// The metrics of a comma-separated list.
    pub(super) fn metrics(&self, usual: &[Metric]) -> Result<Vec<Metric>, ApiError> {
        match self.get("metrics") {
            None => Ok(usual.to_vec()),
            Some(text) => metrics_of("metrics", text.split(',')),
        }
    }

    pub(super) fn compare(&self) -> Result<Option<Compare>, ApiError> {
        self.get("compare").map(compare_of).transpose()
    }

    /// `<metric>:<asc|desc>` or `key:<asc|desc>`, by default the most events first.
    pub(super) fn order(&self) -> Result<(Sort, bool), ApiError> {
        let Some(text) = self.get("order") else {
            return Ok((Sort::Metric(Metric::Events), true));
        };
        let (name, direction) = text.split_once(':').unwrap_or((text, "desc"));
        let sort = match name {
            "key" => Sort::Dimension(0),
            name => Sort::Metric(metric_of("order", name)?),
        };
        Ok((sort, descends("order", direction)?))
    }
}

pub(super) fn descends(parameter: &str, direction: &str) -> Result<bool, ApiError> {
    match direction {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => {
            let detail = format!("{direction:?} is no direction; there are: asc, desc");
            Err(ApiError::parameter(parameter, detail).with("allowed", vec!["asc", "desc"]))
        }
    }
}

/// What has to be counted so that `order` can be followed too.
pub(super) fn with_order(metrics: &[Metric], order: &[(Sort, bool)]) -> Vec<Metric> {
    let mut all = metrics.to_vec();
    for (sort, _) in order {
        if let Sort::Metric(metric) = sort
            && !all.contains(metric)
        {
            all.push(*metric);
        }
    }
    all
}
