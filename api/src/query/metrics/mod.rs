//! Metrics: from rollups where these suffice, else from the raw events.

mod breakdown;
mod grouped;
mod list;
mod realtime;
mod series;

use std::sync::Arc;

use common::{
    rollup::{Dimension, OTHER, Rollup},
    time::UnixMicros,
};
use tokio::sync::OnceCell;

pub use self::{
    breakdown::{Breakdown, breakdown},
    grouped::{Keys, MAX_CELLS, grouped},
    list::{Dimensions, List, Row, list},
    realtime::{MOST_COUNTED, REALTIME_MINUTES, Realtime, SECONDS, realtime, realtime_range},
    series::series,
};
use super::{
    cells::cells,
    database::{QueryError, Snapshot},
    filter::{Field, Filter},
    kept::Group,
    metric::{Figures, Metric},
    parts::{self, Part},
    pieces::Asked,
    plan::{self, Piece},
    range::Range,
    rollups::{self, Origin, Sketches},
    values::Values,
};

/// Which events, and what of them.
#[derive(Debug, Clone)]
pub struct Question {
    pub range: Range,
    pub filter: Filter,
    pub metrics: Vec<Metric>,
}

/// Figures and where they are from.
#[derive(Debug)]
pub struct Counted<T> {
    pub data: T,
    pub origin: Origin,
    /// Events under `(other)` in the dimension that was asked, where what is counted under a name
    /// may be too few because of them.
    pub other_events: Option<u64>,
}

impl<T> Counted<T> {
    const fn exactly(data: T) -> Self {
        Self {
            data,
            origin: Origin::Raw,
            other_events: None,
        }
    }

    /// The same of other data.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Counted<U> {
        Counted {
            data: change(self.data),
            origin: self.origin,
            other_events: self.other_events,
        }
    }
}

/// A question that rollups of one dimension can answer, but for the metrics they don't hold.
struct ByRollups<'q> {
    question: &'q Question,
    dimension: Dimension,
    parts: Vec<Part>,
    /// Those of the range as one bucket, once they are looked for.
    whole: OnceCell<Arc<[Arc<Piece>]>>,
}

impl<'q> ByRollups<'q> {
    /// `None` where it takes the events themselves.
    async fn of(
        snapshot: &Snapshot,
        question: &'q Question,
        by: Option<&Field>,
    ) -> Result<Option<Self>, QueryError> {
        let Some(dimension) = dimension_of(&question.filter, by) else {
            return Ok(None);
        };
        let edges = plan::split(question.range).edges;
        if question.filter.names_other() && edges.iter().any(Option::is_some) {
            return Err(QueryError::Refused {
                code: "invalid_parameter",
                parameter: "filter",
                detail: "(other) is known for whole minutes only: let from and to lie on minutes"
                    .into(),
            });
        }
        Ok(Some(Self {
            question,
            dimension,
            parts: parts::read(snapshot, edges, dimension).await?,
            whole: OnceCell::new(),
        }))
    }

    async fn pieces(
        &self,
        snapshot: &Snapshot,
        edges: &[UnixMicros],
    ) -> Result<Arc<[Arc<Piece>]>, QueryError> {
        let Range { from, to } = self.question.range;
        let minutes = plan::split(self.question.range).minutes;
        let find = async || {
            rollups::cover(snapshot, minutes, edges)
                .await
                .map(Arc::from)
        };
        if edges == [from, to] {
            return self.whole.get_or_try_init(find).await.cloned();
        }
        find().await
    }

    /// Of the whole range.
    async fn values(&self, snapshot: &Snapshot) -> Result<Values<'_>, QueryError> {
        let Range { from, to } = self.question.range;
        let pieces = self.pieces(snapshot, &[from, to]).await?;
        Values::of(snapshot, &pieces, self.dimension, &self.parts).await
    }

    /// Bounce rates of parts of the events are looked up in single events.
    fn lacks_bounce_rate(&self) -> bool {
        self.dimension != Dimension::All && self.question.metrics.contains(&Metric::BounceRate)
    }

    /// Each of `groups` in each bucket; beside them the events under `(other)`, where what is
    /// counted under names may be too few because of them.
    async fn count(
        &self,
        snapshot: &Snapshot,
        edges: &[UnixMicros],
        mut groups: Vec<Group>,
    ) -> Result<Counted<Vec<Vec<Rollup>>>, QueryError> {
        let mut named = groups.iter().flat_map(|group| group.iter());
        let bounded = self.dimension != Dimension::All && named.all(|value| value != OTHER);
        if bounded {
            groups.push([OTHER.to_owned()].into());
        }
        let asked = Asked {
            dimension: self.dimension,
            groups: &groups,
            sketches: Sketches::of(&self.question.metrics),
        };
        let pieces = self.pieces(snapshot, edges).await?;
        let mut data = cells(snapshot, &pieces, edges, asked, &self.parts).await?;
        let other = bounded.then(|| data.pop().unwrap_or_default());
        Ok(Counted {
            data,
            origin: self.origin(),
            other_events: other.map(|row| row.iter().map(|bucket| bucket.events).sum()),
        })
    }

    fn origin(&self) -> Origin {
        if self.parts.is_empty() && !self.lacks_bounce_rate() {
            Origin::Rollup
        } else {
            Origin::RollupAndRaw
        }
    }
}

/// The dimension whose rollups hold a question that is filtered and grouped so.
fn dimension_of(filter: &Filter, by: Option<&Field>) -> Option<Dimension> {
    let filtered = filter.in_one_dimension()?;
    let Some(by) = by else {
        return Some(filtered);
    };
    let grouped = by.dimension()?;
    (filtered == Dimension::All || filtered == grouped).then_some(grouped)
}

impl Question {
    /// The same in another range.
    #[must_use]
    pub fn over(&self, range: Range) -> Self {
        Self {
            range,
            ..self.clone()
        }
    }

    /// The same, but for these metrics.
    #[must_use]
    pub fn only(&self, metrics: &[Metric]) -> Self {
        Self {
            metrics: metrics.to_vec(),
            ..self.clone()
        }
    }
}

fn set_bounce_rates(figures: &mut [Figures], from: &[Figures]) {
    for (figures, exact) in figures.iter_mut().zip(from) {
        figures.set_bounce_rate(exact.bounce_rate);
    }
}
