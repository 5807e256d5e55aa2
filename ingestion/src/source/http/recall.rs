//! Whether a stream that Redis has brought back still holds an entry: its process is another
//! one, and may have lost the last second.

use common::wire::{EntryId, FIELD_BATCH, StreamKeys};
use deadpool_redis::Pool;
use redis::{
    InfoDict, RedisResult,
    streams::{StreamInfoGroupsReply, StreamPendingCountReply, StreamRangeReply},
};

use super::first_seen::backend;
use crate::place::{Life, Place, fingerprint, server_of};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recalled {
    /// It was delivered and isn't pending.
    Committed,
    /// It is there, in this life, and not committed yet.
    Waits(Life),
    /// Lost, or trimmed, which may be because it was committed: that can't be told any more.
    Gone,
}

#[derive(Debug, Clone)]
pub(super) struct Memory {
    pub(super) pool: Pool,
    pub(super) keys: StreamKeys,
    pub(super) group: String,
}

type Replies = (
    InfoDict,
    Option<String>,
    StreamRangeReply,
    StreamPendingCountReply,
    StreamInfoGroupsReply,
);

impl Memory {
    /// # Errors
    /// Redis isn't there, or has no such group yet.
    pub(super) async fn recall(&self, place: Place) -> RedisResult<Recalled> {
        let (stream, id) = (&self.keys.stream, place.entry.to_string());
        let mut pipe = redis::pipe();
        // In one transaction: all of it is about the same moment of the same process.
        pipe.atomic()
            .cmd("INFO")
            .arg("server")
            .hget(&self.keys.ledger, "epoch")
            .xrange(stream, &id, &id)
            .xpending_count(stream, &self.group, &id, &id, 1)
            .xinfo_groups(stream);
        let mut connection = self.pool.get().await.map_err(backend)?;
        let replies: Replies = pipe.query_async(&mut connection).await?;
        Ok(self.judge(place, &replies))
    }

    fn judge(&self, place: Place, replies: &Replies) -> Recalled {
        let (info, epoch, range, pending, groups) = replies;
        let epoch = epoch.as_ref().and_then(|epoch| epoch.parse().ok());
        let life = epoch.zip(server_of(info));
        let life = life.map(|(epoch, server)| Life { epoch, server });
        let payload = range.ids.first().and_then(|entry| entry.get(FIELD_BATCH));
        // Redis gives ids again that it has lost.
        let is_same = payload.map(|payload: Vec<u8>| fingerprint(&payload)) == place.payload;
        let life = match life {
            Some(life) if place.is_of(life.epoch) && place.payload.is_some() && is_same => life,
            _ => return Recalled::Gone,
        };
        let mut groups = groups.groups.iter();
        let group = groups.find(|group| group.name == self.group);
        let last: Option<EntryId> = group.and_then(|group| group.last_delivered_id.parse().ok());
        let is_delivered = last.is_some_and(|last| place.entry <= last);
        match is_delivered && pending.ids.is_empty() {
            true => Recalled::Committed,
            false => Recalled::Waits(life),
        }
    }
}
