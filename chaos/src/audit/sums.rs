//! Rollups against rows.

use anyhow::Context as _;
use common::{
    config::{Loader, PostgresConfig, sample_variables},
    rollup::Dimension,
};
use consumer::rebuild;
use tokio_postgres::Client;

use crate::stage::{DATABASE, Stage};

/// Every event is in every dimension of its minute once: by how much that isn't so.
const DIFFERENCE: &str = "
    WITH raw AS (
        SELECT time_bucket('1 minute', occurred_at) AS bucket, count(*) AS events
          FROM events GROUP BY 1
    ), wanted AS (
        SELECT bucket, dimension, events
          FROM raw CROSS JOIN unnest($1::smallint[]) AS dimension
    ), folded AS (
        SELECT bucket, dimension, sum(events)::bigint AS events FROM rollup_1m GROUP BY 1, 2
    )
    SELECT coalesce(sum(abs(coalesce(folded.events, 0) - coalesce(wanted.events, 0))), 0)::bigint
      FROM wanted FULL JOIN folded USING (bucket, dimension)";

pub(super) async fn double_counted(db: &Client) -> anyhow::Result<u64> {
    let dimensions: Vec<i16> = Dimension::ALL.into_iter().map(|d| d as i16).collect();
    let row = db.query_one(DIFFERENCE, &[&dimensions]).await?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}

/// `consumer rollup check`: everything that rollups hold, sketches included.
pub(super) async fn drift(stage: &Stage) -> anyhow::Result<Option<String>> {
    let mut variables = sample_variables();
    let url = stage.postgres.url(stage.postgres.port, DATABASE);
    variables.insert("POSTGRES_URL".into(), url);
    let config: PostgresConfig = Loader::from_variables(variables)
        .section()
        .context("the sample configuration is right")?;
    let Some(range) = rebuild::whole_range(&config).await? else {
        return Ok(Some("nothing is stored".to_owned()));
    };
    let drifts = rebuild::check(&config, range).await?;
    let what = format!(
        "{} rollups differ from the rows, such as {:?}",
        drifts.len(),
        drifts.first()
    );
    Ok((!drifts.is_empty()).then_some(what))
}
