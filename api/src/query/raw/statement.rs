//! The one statement that counts raw rows, for any grouping.

use tokio_postgres::types::Type;

use super::{By, PLACES};
use crate::query::{
    metric::Metric,
    metrics::Question,
    page::{Page, Sort},
    sql_text::SqlText,
};

impl By<'_> {
    fn expression(self, sql: &mut SqlText) {
        match self {
            Self::Bucket(edges) => {
                sql.push("width_bucket(occurred_at, ")
                    .bind(edges.to_vec(), Type::TIMESTAMPTZ_ARRAY)
                    .push(") - 1");
            }
            Self::Value(field) => {
                field.expression(sql);
                sql.push(" COLLATE \"C\"");
            }
            Self::Key { field, keys, .. } => {
                sql.push("coalesce(array_position(")
                    .bind(keys.to_vec(), Type::TEXT_ARRAY)
                    .push(", ");
                field.expression(sql);
                sql.push("), ")
                    .bind(
                        i32::try_from(keys.len()).unwrap_or(i32::MAX) + 1,
                        Type::INT4,
                    )
                    .push(") - 1");
            }
        }
    }
}

pub(super) fn statement(question: &Question, by: &[By<'_>], page: Option<&Page>) -> SqlText {
    let mut sql = SqlText::named("raw_metrics");
    sql.push("WITH grouped AS MATERIALIZED (SELECT ");
    dimensions(by, &mut sql);
    let metrics = &question.metrics;
    let wanted = |of: &[Metric]| of.iter().any(|metric| metrics.contains(metric));
    sql.push("count(*) AS events, ")
        .push(if wanted(&[Metric::Users]) {
            "count(DISTINCT user_id COLLATE \"C\")"
        } else {
            "0::bigint"
        })
        .push(" AS users, ")
        .push(if wanted(&[Metric::Sessions, Metric::EventsPerSession]) {
            "count(DISTINCT session_id COLLATE \"C\")"
        } else {
            "0::bigint"
        })
        .push(" AS sessions, coalesce(sum(value_micros), 0) AS value, ")
        .push("avg(duration_ms)::double precision AS duration_avg, ")
        .push(
            if wanted(&[
                Metric::DurationP50,
                Metric::DurationP95,
                Metric::DurationP99,
            ]) {
                "percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms)"
            } else {
                "NULL::integer[]"
            },
        )
        .push(" AS quantiles");
    source(question, by, &mut sql);
    group(by, &mut sql);
    sql.push(")");
    let bounces = wanted(&[Metric::BounceRate]);
    if bounces {
        bounced(question, by, &mut sql);
    }
    sql.push(", counted AS MATERIALIZED (SELECT * FROM grouped")
        .push(match (bounces, by.len()) {
            (false, _) => " CROSS JOIN (SELECT NULL::double precision AS bounce_rate) AS not_asked",
            (true, 0) => " CROSS JOIN bounced",
            (true, 1) => " LEFT JOIN bounced USING (d0)",
            (true, 2) => " LEFT JOIN bounced USING (d0, d1)",
            (true, _) => " LEFT JOIN bounced USING (d0, d1, d2)",
        })
        .push(")");
    shown(by, page, &mut sql);
    sql
}

/// `… AS d0, … AS d1, `
fn dimensions(by: &[By<'_>], sql: &mut SqlText) {
    for (name, by) in PLACES.into_iter().zip(by) {
        by.expression(sql);
        sql.push(" AS ").push(name).push(", ");
    }
}

fn group(by: &[By<'_>], sql: &mut SqlText) {
    if !by.is_empty() {
        sql.push(" GROUP BY ")
            .join(PLACES.into_iter().take(by.len()), ", ", |sql, name| {
                sql.push(name);
            });
    }
}

/// ` FROM events WHERE …`
fn source(question: &Question, by: &[By<'_>], sql: &mut SqlText) {
    sql.push(" FROM events WHERE occurred_at >= ")
        .bind(question.range.from, Type::TIMESTAMPTZ)
        .push(" AND occurred_at < ")
        .bind(question.range.to, Type::TIMESTAMPTZ)
        .push(" AND ");
    question.filter.condition(sql);
    for by in by {
        if let By::Key {
            field,
            keys,
            rest: false,
        } = by
        {
            sql.push(" AND ");
            field.expression(sql);
            sql.push(" = ANY (")
                .bind(keys.to_vec(), Type::TEXT_ARRAY)
                .push(")");
        }
    }
}

/// Sessions with one event among those with any, in each group.
fn bounced(question: &Question, by: &[By<'_>], sql: &mut SqlText) {
    sql.push(", visits AS (SELECT ");
    dimensions(by, sql);
    sql.push("session_id, count(*) AS events");
    source(question, by, sql);
    sql.push(" AND session_id IS NOT NULL GROUP BY ");
    sql.join(PLACES.into_iter().take(by.len()), "", |sql, name| {
        sql.push(name).push(", ");
    });
    sql.push("session_id), bounced AS (SELECT ")
        .join(PLACES.into_iter().take(by.len()), "", |sql, name| {
            sql.push(name).push(", ");
        })
        .push("count(*) FILTER (WHERE events = 1)::double precision / nullif(count(*), 0)")
        .push(" AS bounce_rate FROM visits");
    group(by, sql);
    sql.push(")");
}

/// The rows of the page beside the totals, which are there without rows too.
fn shown(by: &[By<'_>], page: Option<&Page>, sql: &mut SqlText) {
    let search = |sql: &mut SqlText| {
        let last = by.len().checked_sub(1).and_then(|last| PLACES.get(last));
        if let (Some(text), Some(name)) = (page.and_then(|page| page.search.clone()), last) {
            sql.push(" WHERE strpos(").push(name).push(", ");
            sql.bind(text, Type::TEXT).push(") > 0");
        }
    };
    sql.push(", page AS (SELECT *, row_number() OVER (");
    order(by, page, sql);
    sql.push(") AS place FROM counted");
    search(sql);
    sql.push(")");
    sql.push(" SELECT totals.total_events, found.total_rows, ")
        .join(PLACES.into_iter().take(by.len()), "", |sql, name| {
            sql.push("page.").push(name).push(", ");
        })
        .push("page.events, page.users, page.sessions, page.value::text AS value, ")
        .push("page.duration_avg, page.quantiles, page.bounce_rate ")
        .push("FROM (SELECT coalesce(sum(events), 0)::bigint AS total_events FROM grouped) totals ")
        .push("CROSS JOIN (SELECT count(*) AS total_rows FROM grouped");
    search(sql);
    sql.push(") found LEFT JOIN page ON TRUE");
    if let Some(page) = page {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        sql.push(" AND page.place > ")
            .bind(number(page.offset), Type::INT8)
            .push(" AND page.place <= ")
            .bind(number(page.offset.saturating_add(page.limit)), Type::INT8);
    }
    sql.push(" ORDER BY page.place");
}

fn order(by: &[By<'_>], page: Option<&Page>, sql: &mut SqlText) {
    let asked = page.map(|page| page.order.as_slice()).unwrap_or_default();
    let ties = (0..by.len()).map(|at| (Sort::Dimension(at), false));
    let all: Vec<_> = asked.iter().copied().chain(ties).collect();
    if all.is_empty() {
        return;
    }
    sql.push("ORDER BY ")
        .join(all, ", ", |sql, (sort, descends)| {
            sql.push(match sort {
                Sort::Metric(metric) => column(metric),
                Sort::Dimension(at) => PLACES.get(at).copied().unwrap_or("d0"),
            });
            sql.push(if descends {
                " DESC NULLS LAST"
            } else {
                " ASC NULLS LAST"
            });
        });
}

const fn column(metric: Metric) -> &'static str {
    match metric {
        Metric::Events => "events",
        Metric::Users => "users",
        Metric::Sessions => "sessions",
        Metric::Value => "value",
        Metric::EventsPerSession => "events::double precision / nullif(sessions, 0)",
        Metric::BounceRate => "bounce_rate",
        Metric::DurationAvg => "duration_avg",
        Metric::DurationP50 => "quantiles[1]",
        Metric::DurationP95 => "quantiles[2]",
        Metric::DurationP99 => "quantiles[3]",
    }
}
