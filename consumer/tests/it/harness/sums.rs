//! What became of all events, from the tables themselves.

use tokio_postgres::Client;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sums {
    /// Rows of `events` and of `dead_letters`.
    pub(crate) events: i64,
    pub(crate) dead_letters: i64,
    /// Totals of `ledger`.
    pub(crate) stored: i64,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) lost_entries: i64,
    /// Total of `rollup_1m` without a dimension.
    pub(crate) rolled_up: i64,
}

const SUMS: &str = "SELECT (SELECT count(*) FROM events),
       (SELECT count(*) FROM dead_letters),
       coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicates), 0)::bigint,
       coalesce(sum(dead_lettered), 0)::bigint, coalesce(sum(lost_entries), 0)::bigint,
       (SELECT coalesce(sum(events), 0)::bigint FROM rollup_1m WHERE dimension = 0)
  FROM ledger";

/// Buckets and dimensions of a tier whose sums differ from those of the raw rows.
const OFF: &str = "WITH raw AS (
    SELECT time_bucket('bucket_width'::interval, occurred_at) AS bucket, count(*) AS events,
           coalesce(sum(value_micros), 0) AS value, count(value_micros) AS \"values\",
           coalesce(sum(duration_ms), 0) AS duration
      FROM events GROUP BY 1),
 folded AS (
    SELECT bucket, dimension, sum(events) AS events, sum(value_micros) AS value,
           sum(\"values\") AS \"values\", sum(duration_ms) AS duration
      FROM rollup_table GROUP BY 1, 2),
 wanted AS (SELECT bucket, d::smallint AS dimension, events, value, \"values\", duration
              FROM raw, generate_series(0, 7) AS d)
SELECT count(*) FROM wanted FULL JOIN folded USING (bucket, dimension),
       LATERAL (SELECT bucket AS bucket_of) AS place
 WHERE is_compared
   AND (wanted.events, wanted.value, wanted.\"values\", wanted.duration) IS DISTINCT FROM
       (folded.events, folded.value, folded.\"values\", folded.duration)";

impl Sums {
    pub(crate) async fn read(db: &Client) -> Self {
        let row = db.query_one(SUMS, &[]).await.unwrap();
        Self {
            events: row.get(0),
            dead_letters: row.get(1),
            stored: row.get(2),
            duplicates: row.get(3),
            dead_lettered: row.get(4),
            lost_entries: row.get(5),
            rolled_up: row.get(6),
        }
    }

    /// The tables agree with each other, and every one of `sent` events has one fate.
    pub(crate) fn assert_sound(&self, sent: u32) {
        let handled = self.stored + self.duplicates + self.dead_lettered;
        assert_eq!(handled, i64::from(sent), "{self:?}");
        assert_eq!(self.events, self.stored, "{self:?}");
        assert_eq!(self.events, self.rolled_up, "{self:?}");
        assert_eq!(self.dead_letters, self.dead_lettered, "{self:?}");
    }
}

/// Buckets and dimensions of `rollup_1m` whose sums differ from those of the raw rows.
pub(crate) async fn minutes_off(db: &Client) -> i64 {
    off(db, "rollup_1m", "1 minute", "true").await
}

/// The same of a coarser tier, where it says that it can be used.
pub(crate) async fn tier_off(db: &Client, table: &str, seconds: u32) -> i64 {
    let width = format!("{seconds} seconds");
    let usable = format!(
        "EXISTS (SELECT FROM rollup_built AS built WHERE tier = {seconds} AND built.bucket = bucket_of)
         AND NOT EXISTS (SELECT FROM rollup_dirty AS dirty
                          WHERE dirty.bucket >= bucket_of AND dirty.bucket < bucket_of + '{width}'::interval)"
    );
    off(db, table, &width, &usable).await
}

async fn off(db: &Client, table: &str, width: &str, is_compared: &str) -> i64 {
    let sql = OFF
        .replace("rollup_table", table)
        .replace("bucket_width", width)
        .replace("is_compared", is_compared);
    // A statement is planned before its snapshot is taken, unless the transaction has one: a chunk
    // that is made in between would be left out.
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT";
    db.batch_execute(begin).await.unwrap();
    let off = db.query_one(&sql, &[]).await.unwrap().get(0);
    db.batch_execute("COMMIT").await.unwrap();
    off
}
