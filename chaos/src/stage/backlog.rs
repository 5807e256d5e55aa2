//! What is in flight.

use redis::{
    AsyncCommands as _,
    streams::{StreamInfoConsumersReply, StreamPendingCountReply, StreamRangeReply},
};

use super::{GROUP, STREAM, Stage};
use crate::fault::Node;

impl Stage {
    /// Events that consumers hold, and events that none has read.
    pub(crate) async fn in_flight(&self) -> anyhow::Result<(u64, u64)> {
        let mut redis = self.redis().await?;
        let mut look = redis::pipe();
        look.atomic()
            .cmd("XPENDING")
            .arg(&[STREAM, GROUP, "-", "+", "1000000"])
            .cmd("XRANGE")
            .arg(&[STREAM, "-", "+"]);
        let (pending, entries): (StreamPendingCountReply, StreamRangeReply) =
            look.query_async(&mut redis).await?;
        let pending: Vec<_> = pending.ids.into_iter().map(|entry| entry.id).collect();
        let last = pending.last().cloned().unwrap_or_default();
        let (mut held, mut waiting) = (0, 0);
        for entry in entries.ids {
            let batch: Option<Vec<u8>> = entry.get("batch");
            let lines = batch.map_or(1, |batch| {
                batch
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty())
                    .count() as u64
            });
            if pending
                .binary_search_by(|id| place(id).cmp(&place(&entry.id)))
                .is_ok()
            {
                held += lines;
            } else if place(&entry.id) > place(&last) {
                waiting += lines;
            }
        }
        Ok((held, waiting))
    }

    /// Entries that the lanes of this consumer hold.
    pub(crate) async fn held_by(&self, node: Node) -> anyhow::Result<usize> {
        let mut redis = self.redis().await?;
        let lanes = format!("{}/", node.name());
        let known: StreamInfoConsumersReply = redis.xinfo_consumers(STREAM, GROUP).await?;
        let known = known.consumers.into_iter();
        let held = known.filter(|consumer| consumer.name.starts_with(&lanes));
        Ok(held.map(|consumer| consumer.pending).sum())
    }
}

const ACTIVITY: &str = "
    SELECT format('%s %s %s %s for %s: %s', pid, application_name, state, wait_event,
                  now() - state_change, left(query, 200))
      FROM pg_stat_activity WHERE datname = current_database() ORDER BY state_change";

impl Stage {
    /// What the database's sessions are at, where it can be asked.
    pub(crate) async fn note_activity(&self) {
        let Ok(db) = self.db().await else { return };
        for row in db.query(ACTIVITY, &[]).await.unwrap_or_default() {
            self.note(&row.get::<_, String>(0));
        }
    }
}

fn place(id: &str) -> (u64, u64) {
    let (ms, sequence) = id.split_once('-').unwrap_or((id, "0"));
    (
        ms.parse().unwrap_or_default(),
        sequence.parse().unwrap_or_default(),
    )
}
