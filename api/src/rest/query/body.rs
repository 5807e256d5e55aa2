//! The body of `POST /query`, and its normalized form in the answer.

use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::parts::{DateRange, Dimension, dimensions, range};
use crate::{
    error::ApiError,
    query::{
        compare::Compare,
        filter::{Field, Filter},
        interval::Interval,
        metric::{Figures, Metric},
        metrics::{Dimensions, Question},
        page::{Page, Sort},
        range::{Range, rfc3339_in},
    },
    rest::{
        asked::{compare_of, descends, metric_of, metrics_of, with_order},
        members::Members,
        parameters::zone_of,
    },
};

const MAX_LIMIT: usize = 10_000;
const MAX_OFFSET: usize = 1_000_000;

struct Body {
    metrics: Vec<String>,
    dimensions: Vec<String>,
    filters: Vec<Value>,
    date_range: DateRange,
    tz: Option<String>,
    compare: Option<String>,
    order_by: Vec<(String, String)>,
    pagination: Pagination,
    include: Include,
}

impl Body {
    const MEMBERS: [&'static str; 9] = [
        "metrics",
        "dimensions",
        "filters",
        "date_range",
        "tz",
        "compare",
        "order_by",
        "pagination",
        "include",
    ];

    fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut members = Members::read(body, &Self::MEMBERS)?;
        let last_day = || DateRange::Named("24h".into());
        Ok(Self {
            metrics: members.need("metrics")?,
            dimensions: members.take("dimensions")?.unwrap_or_default(),
            filters: members.take("filters")?.unwrap_or_default(),
            date_range: members.take("date_range")?.unwrap_or_else(last_day),
            tz: members.text("tz")?,
            compare: members.text("compare")?,
            order_by: members.take("order_by")?.unwrap_or_default(),
            pagination: members.take("pagination")?.unwrap_or_default(),
            include: members.take("include")?.unwrap_or_default(),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Pagination {
    limit: usize,
    offset: usize,
}

impl Default for Pagination {
    fn default() -> Self {
        Self {
            limit: MAX_LIMIT,
            offset: 0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Include {
    total_rows: bool,
}

/// A query that can be answered.
pub(super) struct Asked {
    pub(super) range: Range,
    pub(super) zone_name: String,
    pub(super) zone: TimeZone,
    pub(super) metrics: Vec<Metric>,
    pub(super) interval: Option<Interval>,
    pub(super) compare: Option<Compare>,
    pub(super) page: Page,
    pub(super) total_rows: bool,
    dimensions: Vec<Dimension>,
    filter: Filter,
}

impl Asked {
    /// # Errors
    /// 422 that names the member.
    pub(super) fn read(body: &[u8], now: UnixMicros) -> Result<Self, ApiError> {
        let body = Body::read(body)?;
        let (zone_name, zone) = zone_of(body.tz.as_deref().unwrap_or("UTC"))?;
        let range = range(&body.date_range, &zone, now)?;
        let metrics = metrics_of("metrics", body.metrics.iter().map(String::as_str))?;
        if metrics.is_empty() {
            let refused = ApiError::parameter("metrics", "metrics must name at least one");
            return Err(refused.with("allowed", Metric::names()));
        }
        let dimensions = dimensions(&body.dimensions, range)?;
        let interval = dimensions.iter().find_map(|dimension| match dimension {
            Dimension::Time(interval) => Some(*interval),
            Dimension::Field(_) => None,
        });
        let compare = body.compare.as_deref().map(compare_of).transpose()?;
        let fields = dimensions.len() - usize::from(interval.is_some());
        if compare.is_some() && fields > 1 {
            let detail = "compare goes with at most one field besides time";
            return Err(ApiError::parameter("compare", detail));
        }
        let page = page(&body, &dimensions, &metrics)?;
        Ok(Self {
            range,
            zone_name,
            zone,
            metrics,
            interval,
            compare,
            page,
            total_rows: body.include.total_rows,
            dimensions,
            filter: Filter::all_from_json(&body.filters)
                .map_err(|error| ApiError::filter("filters", error))?,
        })
    }

    pub(super) fn question(&self) -> Question {
        Question {
            range: self.range,
            filter: self.filter.clone(),
            metrics: with_order(&self.metrics, &self.page.order),
        }
    }

    /// The first dimension that is a field.
    pub(super) fn field(&self) -> Option<&Field> {
        self.dimensions
            .iter()
            .find_map(|dimension| match dimension {
                Dimension::Field(field) => Some(field),
                Dimension::Time(_) => None,
            })
    }

    pub(super) fn dimensions(&self) -> Dimensions<'_> {
        match self.dimensions.as_slice() {
            [Dimension::Time(_)] => Dimensions::Time,
            [Dimension::Field(field)] => Dimensions::Field(field),
            [Dimension::Time(_), Dimension::Field(field)] => Dimensions::Both(field, true),
            [Dimension::Field(field), Dimension::Time(_)] => Dimensions::Both(field, false),
            [Dimension::Field(one), Dimension::Field(other)] => Dimensions::Fields([one, other]),
            _ => Dimensions::None,
        }
    }

    pub(super) fn shown(&self, figures: &Figures) -> Vec<Value> {
        let shown = |metric: &Metric| figures.shown(*metric);
        self.metrics.iter().map(shown).collect()
    }

    /// The query with all that it left open.
    pub(super) fn echo(&self) -> Value {
        let names: Vec<String> = self.dimensions.iter().map(Dimension::name).collect();
        let order = |(sort, descends): &(Sort, bool)| {
            let name = match sort {
                Sort::Metric(metric) => metric.as_str(),
                Sort::Dimension(at) => names.get(*at).map_or("", String::as_str),
            };
            json!([name, if *descends { "desc" } else { "asc" }])
        };
        let filters = match &self.filter {
            Filter::All(filters) => filters.iter().map(Filter::to_json).collect(),
            filter => vec![filter.to_json()],
        };
        let shown = |at| rfc3339_in(at, &self.zone);
        let metrics: Vec<_> = self.metrics.iter().map(|metric| metric.as_str()).collect();
        let mut echo = Map::new();
        echo.insert("metrics".into(), metrics.into());
        echo.insert("dimensions".into(), names.clone().into());
        echo.insert("filters".into(), filters.into());
        let between = vec![shown(self.range.from), shown(self.range.to)];
        echo.insert("date_range".into(), between.into());
        echo.insert("tz".into(), self.zone_name.clone().into());
        echo.insert("compare".into(), self.compare.map(Compare::as_str).into());
        let order_by: Vec<_> = self.page.order.iter().map(order).collect();
        echo.insert("order_by".into(), order_by.into());
        let pagination = json!({"limit": self.page.limit, "offset": self.page.offset});
        echo.insert("pagination".into(), pagination);
        let include = json!({"total_rows": self.total_rows});
        echo.insert("include".into(), include);
        echo.into()
    }
}

fn page(body: &Body, dimensions: &[Dimension], metrics: &[Metric]) -> Result<Page, ApiError> {
    let Pagination { limit, offset } = body.pagination;
    if !(1..=MAX_LIMIT).contains(&limit) || offset > MAX_OFFSET {
        let detail =
            format!("in pagination, limit must be 1 to {MAX_LIMIT}, offset 0 to {MAX_OFFSET}");
        return Err(ApiError::parameter("pagination", detail));
    }
    let mut order = Vec::new();
    for (name, direction) in &body.order_by {
        let place = dimensions.iter().position(|dimension| dimension.is(name));
        let sort = match place {
            Some(place) => Sort::Dimension(place),
            None => Sort::Metric(metric_of("order_by", name)?),
        };
        order.push((sort, descends("order_by", direction)?));
    }
    if order.is_empty() {
        let time = |dimension: &Dimension| matches!(dimension, Dimension::Time(_));
        order.push(match dimensions.iter().position(time) {
            Some(place) => (Sort::Dimension(place), false),
            None => (Sort::Metric(metrics[0]), true),
        });
    }
    Ok(Page {
        order,
        limit,
        offset,
        search: None,
    })
}
