//! The parameters of a subscription. Equal ones share a channel.

use common::rollup::Dimension;
use serde_json::{Map, Value};

use super::protocol::Refusal;
use crate::query::{
    filter::{Field, Filter},
    metric::Metric,
    rollups::Sketches,
};

pub(super) const MAX_MINUTES: u16 = 180;
const MAX_BREAKDOWN_MINUTES: u16 = 60;
const MAX_ROWS: u16 = 100;
pub(super) const MAX_RATE: u16 = 100;
pub(super) const REALTIME_MINUTES: u16 = 30;

pub(super) type Params = Map<String, Value>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Spec {
    Metrics(Metrics),
    Breakdown(Breakdown),
    Realtime,
    Events(Events),
    Pipeline,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Metrics {
    pub(super) minutes: u16,
    /// The width of a bucket, in minutes.
    pub(super) interval: u16,
    pub(super) metrics: Vec<Metric>,
    /// In one dimension.
    pub(super) filter: Filter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Breakdown {
    pub(super) dimension: Dimension,
    pub(super) minutes: u16,
    pub(super) limit: u16,
    pub(super) metrics: Vec<Metric>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Events {
    pub(super) filter: Filter,
    /// Events a second that are shown at most.
    pub(super) rate: u16,
}

impl Breakdown {
    /// What its rows need besides sums.
    pub(super) fn sketches(&self) -> Option<Sketches> {
        Some(Sketches::of(&self.metrics)).filter(|sketches| *sketches != Sketches::default())
    }
}

impl Spec {
    pub(super) const fn topic(&self) -> &'static str {
        match self {
            Self::Metrics(_) => "metrics",
            Self::Breakdown(_) => "breakdown",
            Self::Realtime => "realtime",
            Self::Events(_) => "events",
            Self::Pipeline => "pipeline",
        }
    }

    /// Minutes of one value that are held for it, sketches and all.
    pub(super) fn cells(&self) -> usize {
        match self {
            Self::Metrics(metrics) => metrics.minutes.into(),
            Self::Breakdown(breakdown) if breakdown.sketches().is_some() => {
                usize::from(breakdown.minutes) * usize::from(breakdown.limit)
            }
            Self::Realtime => REALTIME_MINUTES.into(),
            Self::Breakdown(_) | Self::Events(_) | Self::Pipeline => 0,
        }
    }

    /// Regular expressions that are kept for it.
    pub(super) fn patterns(&self) -> usize {
        match self {
            Self::Metrics(metrics) => metrics.filter.patterns(),
            Self::Events(events) => events.filter.patterns(),
            Self::Breakdown(_) | Self::Realtime | Self::Pipeline => 0,
        }
    }

    pub(super) fn read(topic: &str, params: &Params) -> Result<Self, Refusal> {
        let reader = Reader { topic, params };
        match topic {
            "metrics" => {
                reader.knows(&["minutes", "interval", "metrics", "filter"])?;
                let filter = reader.filter_by_rollups()?;
                let everything = filter.in_one_dimension() == Some(Dimension::All);
                Ok(Self::Metrics(Metrics {
                    minutes: reader.number("minutes", 60, MAX_MINUTES)?,
                    interval: reader.interval()?,
                    metrics: reader.metrics(everything)?,
                    filter,
                }))
            }
            "breakdown" => {
                reader.knows(&["dimension", "minutes", "limit", "metrics"])?;
                Ok(Self::Breakdown(Breakdown {
                    dimension: reader.dimension()?,
                    minutes: reader.number("minutes", 30, MAX_BREAKDOWN_MINUTES)?,
                    limit: reader.number("limit", 10, MAX_ROWS)?,
                    metrics: reader.metrics(false)?,
                }))
            }
            "realtime" => reader.knows(&[]).map(|()| Self::Realtime),
            "events" => {
                reader.knows(&["filter", "rate"])?;
                Ok(Self::Events(Events {
                    filter: reader.filter()?,
                    rate: reader.number("rate", 20, MAX_RATE)?,
                }))
            }
            "pipeline" => reader.knows(&[]).map(|()| Self::Pipeline),
            _ => Err(Refusal::new(
                "unknown_topic",
                format!(
                    "there is no topic {topic:?}; there are: metrics, breakdown, realtime, events, pipeline"
                ),
            )),
        }
    }
}

struct Reader<'p> {
    topic: &'p str,
    params: &'p Params,
}

impl<'p> Reader<'p> {
    fn knows(&self, allowed: &[&str]) -> Result<(), Refusal> {
        let mut names = self.params.keys();
        let Some(unknown) = names.find(|name| !allowed.contains(&name.as_str())) else {
            return Ok(());
        };
        let allowed = match allowed {
            [] => "it has none".to_owned(),
            allowed => format!("allowed are: {}", allowed.join(", ")),
        };
        let detail = format!("{} has no parameter {unknown:?}; {allowed}", self.topic);
        Err(Refusal::new("unknown_parameter", detail))
    }

    /// `null` counts as absent.
    fn get(&self, name: &str) -> Option<&'p Value> {
        self.params.get(name).filter(|value| !value.is_null())
    }

    fn number(&self, name: &str, default: u16, most: u16) -> Result<u16, Refusal> {
        let Some(given) = self.get(name) else {
            return Ok(default);
        };
        let given = given.as_u64().and_then(|number| u16::try_from(number).ok());
        let given = given.filter(|number| (1..=most).contains(number));
        let detail = || format!("{name} must be a whole number from 1 to {most}");
        given.ok_or_else(|| Refusal::new("invalid_parameter", detail()))
    }

    fn interval(&self) -> Result<u16, Refusal> {
        match self.get("interval").map(Value::as_str) {
            None | Some(Some("1m")) => Ok(1),
            Some(Some("5m")) => Ok(5),
            Some(Some("15m")) => Ok(15),
            Some(_) => Err(Refusal::new(
                "invalid_parameter",
                "interval must be \"1m\", \"5m\" or \"15m\"",
            )),
        }
    }

    /// Sorted, each once: the order in which they are named makes no other channel. Rollups know
    /// the bounce rate of all events together only.
    fn metrics(&self, of_everything: bool) -> Result<Vec<Metric>, Refusal> {
        let Some(given) = self.get("metrics") else {
            return Ok(Metric::USUAL.to_vec());
        };
        let refuse = || {
            let names = Metric::names().join(", ");
            let detail = format!("metrics must be a list of at least one of: {names}");
            Refusal::new("invalid_parameter", detail)
        };
        let names = given.as_array().filter(|names| !names.is_empty());
        let names = names.ok_or_else(refuse)?.iter();
        let metrics = names.map(|name| name.as_str().and_then(Metric::parse));
        let mut metrics: Vec<_> = metrics.collect::<Option<_>>().ok_or_else(refuse)?;
        metrics.sort_unstable();
        metrics.dedup();
        if metrics.contains(&Metric::BounceRate) && !of_everything {
            let detail = "rollups know the bounce_rate of all events together only: leave the filter out, or ask REST";
            return Err(Refusal::new("unsupported_metric", detail));
        }
        Ok(metrics)
    }

    fn filter(&self) -> Result<Filter, Refusal> {
        let Some(tree) = self.get("filter") else {
            return Ok(Filter::everything());
        };
        Filter::from_json(tree).map_err(|error| Refusal::new("invalid_filter", error.detail))
    }

    fn filter_by_rollups(&self) -> Result<Filter, Refusal> {
        let filter = self.filter()?;
        if filter.in_one_dimension().is_some() {
            return Ok(filter);
        }
        let detail = "a live filter tests one of event_type, page, referrer, country, device, browser, os and nothing else; REST answers others";
        Err(Refusal::new("unsupported_filter", detail))
    }

    fn dimension(&self) -> Result<Dimension, Refusal> {
        let given = self.get("dimension").and_then(Value::as_str);
        let field = given.and_then(|name| Field::parse(name).ok());
        field.and_then(|field| field.dimension()).ok_or_else(|| {
            let detail =
                "dimension must be one of event_type, page, referrer, country, device, browser, os";
            Refusal::new("invalid_parameter", detail)
        })
    }
}
