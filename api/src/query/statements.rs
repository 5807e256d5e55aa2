//! Every fixed statement of `query` and `live`, each with the one function that uses it elsewhere in `query`
//! and `live`. The first line is its name in logs and `pg_stat_statements`.

use common::rollup::Tier;

use super::database::Statement;

/// The same statement on each tier's table.
macro_rules! by_tier {
    ($name:literal, $head:literal, $tail:literal) => {
        [
            Statement(concat!(
                "-- ",
                $name,
                "_1m\n",
                $head,
                " FROM rollup_1m ",
                $tail
            )),
            Statement(concat!(
                "-- ",
                $name,
                "_15m\n",
                $head,
                " FROM rollup_15m ",
                $tail
            )),
            Statement(concat!(
                "-- ",
                $name,
                "_1h\n",
                $head,
                " FROM rollup_1h ",
                $tail
            )),
            Statement(concat!(
                "-- ",
                $name,
                "_1d\n",
                $head,
                " FROM rollup_1d ",
                $tail
            )),
        ]
    };
}

// The rows of the values $2 in runs of buckets, from $5 to $6 each, all of them within $3 to $4.
// OFFSET keeps each run a look into the index: joined, all rows are compared with all runs.
const ROWS_IN_RUNS: [Statement; Tier::COUNT] = by_tier!(
    "rollup_rows_in_runs",
    "SELECT r.* FROM unnest($5::timestamptz[], $6::timestamptz[]) AS run (first, last), LATERAL (\
     SELECT bucket, events, value_micros::text, duration_ms::text, \
     CASE WHEN $7 THEN users END, CASE WHEN $8 THEN sessions END, CASE WHEN $9 THEN durations END, \
     CASE WHEN $10 THEN visits END, value",
    "WHERE dimension = $1 AND value = ANY ($2) AND bucket >= $3 AND bucket < $4 \
     AND bucket >= run.first AND bucket < run.last OFFSET 0) r"
);

// $5 are the buckets from $3 to $4: each is looked up with each value. With the bounds alone
// the plan reads all values.
const ROWS_BY_KEY: [Statement; Tier::COUNT] = by_tier!(
    "rollup_rows_by_key",
    "SELECT bucket, events, value_micros::text, duration_ms::text, \
     CASE WHEN $6 THEN users END, CASE WHEN $7 THEN sessions END, CASE WHEN $8 THEN durations END, \
     CASE WHEN $9 THEN visits END, value",
    "WHERE dimension = $1 AND bucket >= $3 AND bucket <= $4 AND bucket = ANY ($5) \
     AND value = ANY ($2)"
);

// The order "C" compares bytes: the plan may sort by value, and a locale takes five times as long.
const VALUE_SUMS: [Statement; Tier::COUNT] = by_tier!(
    "rollup_value_sums",
    "SELECT value COLLATE \"C\", sum(events)::bigint, sum(value_micros)::text",
    "WHERE dimension = $1 AND bucket >= $2 AND bucket < $3 GROUP BY value COLLATE \"C\""
);

const fn of_tier(statements: &[Statement; Tier::COUNT], tier: Tier) -> Statement {
    match tier {
        Tier::Minute => statements[0],
        Tier::QuarterHour => statements[1],
        Tier::Hour => statements[2],
        Tier::Day => statements[3],
    }
}

#[must_use]
pub const fn rollup_rows_in_runs(tier: Tier) -> Statement {
    of_tier(&ROWS_IN_RUNS, tier)
}

#[must_use]
pub const fn rollup_rows_by_key(tier: Tier) -> Statement {
    of_tier(&ROWS_BY_KEY, tier)
}

#[must_use]
pub const fn rollup_value_sums(tier: Tier) -> Statement {
    of_tier(&VALUE_SUMS, tier)
}

pub const USABLE_BUCKETS: Statement = Statement(include_str!("sql/usable_buckets.sql"));
pub const RAW_EVENTS: Statement = Statement(include_str!("sql/raw_events.sql"));
pub const RECENT_COMMITS: Statement = Statement(include_str!("sql/recent_commits.sql"));
pub const LEDGER: Statement = Statement(include_str!("sql/ledger.sql"));
pub const LEDGER_TOTALS: Statement = Statement(include_str!("sql/ledger_totals.sql"));
pub const DEAD_LETTER_REASONS: Statement = Statement(include_str!("sql/dead_letter_reasons.sql"));
pub const DEAD_LETTERS: Statement = Statement(include_str!("sql/dead_letters.sql"));
pub const TABLE_SIZES: Statement = Statement(include_str!("sql/table_sizes.sql"));
pub const AUDIT_SUMS: Statement = Statement(include_str!("sql/audit_sums.sql"));
pub const AUDIT_TIER: Statement = Statement(include_str!("sql/audit_tier.sql"));
pub const AUDIT_MINUTES: Statement = Statement(include_str!("sql/audit_minutes.sql"));
pub const AUDIT_RAW_EVENTS: Statement = Statement(include_str!("sql/audit_raw_events.sql"));
pub const SCHEMA_PRESENT: Statement = Statement(include_str!("sql/schema_present.sql"));
pub const LIVE_COMMITS: Statement = Statement(include_str!("sql/live_commits.sql"));
pub const LIVE_GENERATION: Statement = Statement(include_str!("sql/live_generation.sql"));
pub const LIVE_WRITERS: Statement = Statement(include_str!("sql/live_writers.sql"));
pub const LIVE_LOG: Statement = Statement(include_str!("sql/live_log.sql"));
pub const LIVE_SUMS: Statement = Statement(include_str!("sql/live_sums.sql"));
pub const LIVE_CELLS: Statement = Statement(include_str!("sql/live_cells.sql"));
pub const LIVE_NEWEST_EVENTS: Statement = Statement(include_str!("sql/live_newest_events.sql"));
pub const LIVE_ACCEPTED_EVENTS: Statement = Statement(include_str!("sql/live_accepted_events.sql"));
pub const DATA_RANGE: Statement = Statement(include_str!("sql/data_range.sql"));

/// All of them, for the test that prepares each against a migrated database.
#[must_use]
pub fn all() -> Vec<Statement> {
    let single = [
        USABLE_BUCKETS,
        RAW_EVENTS,
        RECENT_COMMITS,
        LEDGER,
        LEDGER_TOTALS,
        DEAD_LETTER_REASONS,
        DEAD_LETTERS,
        TABLE_SIZES,
        AUDIT_SUMS,
        AUDIT_TIER,
        AUDIT_MINUTES,
        AUDIT_RAW_EVENTS,
        SCHEMA_PRESENT,
        LIVE_COMMITS,
        LIVE_GENERATION,
        LIVE_WRITERS,
        LIVE_LOG,
        LIVE_SUMS,
        LIVE_CELLS,
        LIVE_NEWEST_EVENTS,
        LIVE_ACCEPTED_EVENTS,
        DATA_RANGE,
    ];
    [ROWS_IN_RUNS, ROWS_BY_KEY, VALUE_SUMS]
        .into_iter()
        .flatten()
        .chain(single)
        .collect()
}
