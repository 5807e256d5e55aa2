//! The commits of a run, as the database has them.

use common::{time::UnixMicros, wire::EntryId};
use testkit::Services;

#[derive(Debug)]
pub(super) struct Commit {
    pub(super) writer: i64,
    pub(super) seq: i64,
    /// Milliseconds, as in the table.
    pub(super) decode: f64,
    pub(super) queue: f64,
    pub(super) write: f64,
    /// When its last row was written: its COMMIT comes next.
    pub(super) at: UnixMicros,
}

#[derive(Debug)]
pub(super) struct Commits {
    /// In the order of their last rows.
    pub(super) all: Vec<Commit>,
    /// First and last entry, ends included, with the index of the commit; by first entry.
    ranges: Vec<(EntryId, EntryId, usize)>,
}

const COMMITS: &str = "SELECT writer_id, seq, decode_ms::float8, queue_ms::float8, \
    write_ms::float8, committed_at FROM commits ORDER BY committed_at, writer_id, seq";

/// An entry id is the stream's, then milliseconds * 2^64 + sequence in 39 digits.
const RANGES: &str = "SELECT writer_id, seq, \
        div(lower(r) % 1e39, 18446744073709551616)::bigint, \
        (lower(r) % 1e39 % 18446744073709551616)::bigint, \
        div(upper(r) % 1e39, 18446744073709551616)::bigint, \
        (upper(r) % 1e39 % 18446744073709551616)::bigint \
    FROM commits, unnest(entries) AS r ORDER BY lower(r)";

impl Commits {
    pub(super) async fn read(services: &Services) -> anyhow::Result<Self> {
        let db = services.db().await;
        let all: Vec<_> = db
            .query(COMMITS, &[])
            .await?
            .iter()
            .map(|row| Commit {
                writer: row.get(0),
                seq: row.get(1),
                decode: row.get(2),
                queue: row.get(3),
                write: row.get(4),
                at: row.get(5),
            })
            .collect();
        let id = |ms: i64, seq: i64| EntryId {
            ms: ms.unsigned_abs(),
            seq: seq.unsigned_abs(),
        };
        let ranges = db.query(RANGES, &[]).await?;
        let ranges = ranges.iter().filter_map(|row| {
            let key: (i64, i64) = (row.get(0), row.get(1));
            let commit = all.iter().position(|c| (c.writer, c.seq) == key)?;
            Some((
                id(row.get(2), row.get(3)),
                id(row.get(4), row.get(5)),
                commit,
            ))
        });
        Ok(Self {
            ranges: ranges.collect(),
            all,
        })
    }

    /// The index of the commit that holds the entry.
    pub(super) fn of(&self, entry: EntryId) -> Option<usize> {
        let after = self.ranges.partition_point(|(first, ..)| *first <= entry);
        let (_, last, commit) = self.ranges.get(after.checked_sub(1)?)?;
        (entry <= *last).then_some(*commit)
    }
}
