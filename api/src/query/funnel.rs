//! How many users take ordered steps, each within a window from the first.
//!
//! One scan gives the events that fulfil some step, by user and time; [`Walk`] follows each
//! user through them. Users are counted exactly, and only one is held in memory at a time,
//! besides the waits that medians are made of.

use std::{collections::HashMap, pin::pin};

use common::time::UnixMicros;
use futures_util::TryStreamExt as _;
use tokio_postgres::Row;

use super::{
    chains::{Chain, Moment, Walk},
    database::{QueryError, Snapshot},
    events::within,
    filter::{Field, Filter},
    range::Range,
    sql_text::SqlText,
};

/// Groups that are told apart: each takes half a KiB and the waits of its users.
const MOST_GROUPS: usize = 100_000;

#[derive(Debug)]
pub struct Funnel {
    pub range: Range,
    /// Of which events alone.
    pub filter: Filter,
    /// 2 to [`MAX_STEPS`](super::chains::MAX_STEPS).
    pub steps: Vec<Filter>,
    /// Microseconds.
    pub window: i64,
    pub by: Option<Field>,
}

/// What became of some users.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// By step: how many got so far.
    pub users: Vec<u64>,
    /// By step: microseconds since the step before, of each user who got so far.
    waits: Vec<Vec<i64>>,
}

impl Outcome {
    fn new(steps: usize) -> Self {
        Self {
            users: vec![0; steps],
            waits: vec![Vec::new(); steps],
        }
    }

    fn add(&mut self, times: &[i64]) {
        for (step, at) in times.iter().enumerate() {
            self.users[step] += 1;
            if let Some(before) = step.checked_sub(1) {
                self.waits[step].push(at - times[before]);
            }
        }
    }

    /// Seconds from the step before to `step`; of an even number of users the mean of the two
    /// in the middle.
    #[must_use]
    pub fn median_seconds(&mut self, step: usize) -> Option<f64> {
        let waits = &mut self.waits[step];
        if waits.is_empty() {
            return None;
        }
        let (even, middle) = (waits.len().is_multiple_of(2), waits.len() / 2);
        let (below, upper, _) = waits.select_nth_unstable(middle);
        let lower = below.iter().max().filter(|_| even).unwrap_or(upper);
        Some((*lower + *upper) as f64 / 2e6)
    }
}

/// All users, and by what their first step is grouped by.
#[derive(Debug, Default)]
pub struct Counted {
    pub all: Outcome,
    pub groups: HashMap<String, Outcome>,
}

/// # Errors
/// As [`Snapshot::stream_typed`]; [`QueryError::Refused`] for more groups than can be held.
pub async fn count(snapshot: &Snapshot, funnel: &Funnel) -> Result<Counted, QueryError> {
    let steps = funnel.steps.len();
    let mut counted = Counted {
        all: Outcome::new(steps),
        groups: HashMap::new(),
    };
    let mut users = Users::new(funnel);
    let mut rows = pin!(snapshot.stream_typed(&statement(funnel)).await?);
    while let Some(row) = rows.try_next().await? {
        if let Some(chain) = users.row(&row)? {
            counted.add(&chain, steps);
            if counted.groups.len() > MOST_GROUPS {
                return Err(too_many_groups());
            }
        }
    }
    if let Some(chain) = users.finish() {
        counted.add(&chain, steps);
    }
    Ok(counted)
}

fn too_many_groups() -> QueryError {
    QueryError::Refused {
        code: "too_many_values",
        parameter: "by",
        detail: format!(
            "by has more than {MOST_GROUPS} values; take a field of fewer, or a shorter range"
        ),
    }
}

impl Counted {
    fn add(&mut self, chain: &Chain, steps: usize) {
        self.all.add(&chain.times);
        if let Some(key) = &chain.key {
            match self.groups.get_mut(key) {
                Some(group) => group.add(&chain.times),
                None => {
                    let group = self.groups.entry(key.clone());
                    group
                        .or_insert_with(|| Outcome::new(steps))
                        .add(&chain.times);
                }
            }
        }
    }
}

/// Turns rows, sorted by user and time, into the chain of each user.
struct Users<'f> {
    funnel: &'f Funnel,
    user: Option<String>,
    walk: Walk,
    moment: Moment,
}

impl<'f> Users<'f> {
    fn new(funnel: &'f Funnel) -> Self {
        Self {
            funnel,
            user: None,
            walk: Walk::new(funnel.steps.len(), funnel.window),
            moment: Moment::default(),
        }
    }

    /// The chain of the user before, if this row begins another one.
    fn row(&mut self, row: &Row) -> Result<Option<Chain>, QueryError> {
        let (user, at): (&str, UnixMicros) = (row.try_get(0)?, row.try_get(1)?);
        let steps = row.try_get::<_, i32>(2)?.cast_unsigned();
        let key: Option<&str> = row.try_get(3)?;
        let mut ended = None;
        if self.user.as_deref() != Some(user) {
            ended = self.next(Some(user.to_owned()));
        } else if self.moment.at == at.0 {
            // Events of one moment have no order: together they are one.
            self.moment.steps |= steps;
            if self.moment.key.is_none() {
                self.moment.key = key.map(str::to_owned);
            }
            return Ok(None);
        } else {
            self.walk.moment(std::mem::take(&mut self.moment));
        }
        self.moment = Moment {
            at: at.0,
            steps,
            key: key.map(str::to_owned),
        };
        Ok(ended)
    }

    fn next(&mut self, user: Option<String>) -> Option<Chain> {
        let walk = Walk::new(self.funnel.steps.len(), self.funnel.window);
        let mut walk = std::mem::replace(&mut self.walk, walk);
        walk.moment(std::mem::take(&mut self.moment));
        self.user = user;
        walk.finish()
    }

    fn finish(mut self) -> Option<Chain> {
        self.next(None)
    }
}

/// Rows `(user_id, occurred_at, steps as bits, key of a first step)` of events that fulfil some
/// step, those of a user together. They are sorted by a number first: ids often begin alike, which
/// makes texts slow to compare, and the order of users doesn't matter.
fn statement(funnel: &Funnel) -> SqlText {
    let mut sql = SqlText::named("funnel");
    sql.push("SELECT user_id COLLATE \"C\", occurred_at, ");
    sql.join(
        funnel.steps.iter().zip(STEP_BITS),
        " | ",
        |sql, (step, bit)| {
            sql.push("CASE WHEN ");
            step.condition(sql);
            sql.push(" THEN ").push(bit).push(" ELSE 0 END");
        },
    );
    match (&funnel.by, funnel.steps.first()) {
        (Some(by), Some(first)) => {
            sql.push(", CASE WHEN ");
            first.condition(&mut sql);
            sql.push(" THEN ");
            by.expression(&mut sql);
            sql.push(" END");
        }
        _ => {
            sql.push(", NULL::text");
        }
    }
    sql.push(" FROM events WHERE ");
    within(&mut sql, funnel.range);
    sql.push(" AND ");
    funnel.filter.condition(&mut sql);
    sql.push(" AND (");
    sql.join(&funnel.steps, " OR ", |sql, step| step.condition(sql));
    sql.push(") ORDER BY hashtextextended(user_id, 0), 1, 2, 4");
    sql
}

const STEP_BITS: [&str; super::chains::MAX_STEPS] =
    ["1", "2", "4", "8", "16", "32", "64", "128", "256", "512"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_of_the_sorted_waits() {
        let median = |waits: &[i64]| {
            let mut outcome = Outcome::new(2);
            for wait in waits {
                outcome.add(&[0, wait * 1_000_000]);
            }
            outcome.median_seconds(1)
        };
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7]), Some(7.0));
        assert_eq!(median(&[9, 1]), Some(5.0));
        assert_eq!(median(&[9, 1, 2]), Some(2.0));
        assert_eq!(median(&[9, 1, 2, 4]), Some(3.0));
    }
}
