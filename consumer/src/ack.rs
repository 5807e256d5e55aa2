//! The last stage, and the only place where entries are acknowledged: after their COMMIT.
//! Here the stream is trimmed, too, and readers are woken.

use std::time::Duration;

use common::{
    backoff::Backoff,
    clients,
    config::RedisConfig,
    fault,
    shutdown::Shutdown,
    wire::{EntryId, StreamKeys},
};
use redis::{RedisError, Script, aio::MultiplexedConnection};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{observe, write::Committed};

/// Ids in one XACK.
const ACK_CHUNK: usize = 1_000;
const TRIM_EVERY: Duration = Duration::from_millis(500);
/// After the last acknowledgement, when no other follows.
const TRIM_AFTER: Duration = Duration::from_millis(50);

/// First looks whether somebody else removed entries since the last look of any lane, which the
/// ledger remembers: then the stream is shorter than what was left plus what was added.
/// Then trims below the lowest entry that some group hasn't read or not acknowledged; not at all
/// while our own group is missing, since it will be made again at the beginning. In one
/// script, so that no delivery can come between looking and trimming; also where Redis has no
/// memory left, since that is what makes room. Ids are compared as
/// texts; the script only adds one to a sequence, where that is exact in a double.
const TRIM: &str = r"#!lua flags=allow-oom
local function after(id)
    local ms, seq = string.match(id, '^(%d+)-(%d+)$')
    if tonumber(seq) >= 9007199254740991 then return id end
    return ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
end
local function less(a, b)
    local ams, aseq = string.match(a, '^(%d+)-(%d+)$')
    local bms, bseq = string.match(b, '^(%d+)-(%d+)$')
    if #ams ~= #bms then return #ams < #bms end
    if ams ~= bms then return ams < bms end
    if #aseq ~= #bseq then return #aseq < #bseq end
    return aseq < bseq
end
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0, '', ''} end
local function look()
    local stream, reply = {}, redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #reply, 2 do stream[reply[i]] = reply[i + 1] end
    local first, last = stream['recorded-first-entry-id'], stream['last-generated-id']
    if stream['length'] == 0 then first = last end
    return stream['entries-added'], stream['length'], first, last
end
local added, length, first, last = look()
local seen = redis.call('HMGET', KEYS[2], 'seen:added', 'seen:length', 'seen:first')
local removed, from, to = 0, '', ''
if seen[1] and added >= tonumber(seen[1]) then
    removed = math.max(tonumber(seen[2]) + added - tonumber(seen[1]) - length, 0)
end
if removed > 0 then
    from, to = seen[3], last
    if length > 0 and first ~= from then to = first end
end
local lowest, ours = false, false
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #fields, 2 do group[fields[i]] = fields[i + 1] end
    ours = ours or group['name'] == ARGV[1]
    local needed = after(group['last-delivered-id'])
    if group['pending'] > 0 then
        -- A group may be set back, or entries forced on it: then the pending ones are ahead.
        local pending = redis.call('XPENDING', KEYS[1], group['name'])[2]
        if less(pending, needed) then needed = pending end
    end
    if not lowest or less(needed, lowest) then lowest = needed end
end
if not ours then return {0, 0, '', ''} end
local trimmed = redis.call('XTRIM', KEYS[1], 'MINID', '=', lowest)
if trimmed > 0 then added, length, first = look() end
if added ~= tonumber(seen[1] or -1) or length ~= tonumber(seen[2]) or first ~= seen[3] then
    redis.call('HSET', KEYS[2], 'seen:added', added, 'seen:length', length, 'seen:first', first)
end
return {trimmed, removed, from, to}";

/// Entries that we trimmed, entries that somebody else removed, and between which ids those
/// were.
type Looked = (u64, u64, String, String);

#[derive(Debug, Clone)]
pub(crate) struct AckConfig {
    pub(crate) redis: RedisConfig,
    pub(crate) keys: StreamKeys,
    pub(crate) group: String,
    /// The lane's name, for logs.
    pub(crate) lane: String,
}

/// Acknowledges what arrives until the channel ends; then nothing committed is pending.
/// While Redis is away it waits, and the lane with it. In a shutdown it gives up: what stays
/// pending is recognised as counted when it is delivered again.
pub(crate) async fn acknowledge(
    config: AckConfig,
    mut committed: mpsc::Receiver<Committed>,
    shutdown: Shutdown,
) {
    let mut acker = Acker {
        config,
        redis: None,
        next_trim: Instant::now(),
    };
    loop {
        let Ok(done) = timeout_at(acker.next_trim, committed.recv()).await else {
            acker.trim_when_due().await;
            continue;
        };
        let Some(done) = done else { return };
        let mut backoff = Backoff::default();
        while let Err(error) = acker.settle(&done.entries).await {
            observe::ack_failed(&acker.config.lane, &error);
            acker.redis = None;
            if shutdown.is_stopping() {
                return;
            }
            backoff.wait().await;
        }
        observe::acknowledged(&done);
        acker.tell().await;
        if acker.next_trim <= Instant::now() {
            acker.trim_when_due().await;
        }
        if committed.is_empty() {
            acker.trim_soon();
        }
    }
}

struct Acker {
    config: AckConfig,
    redis: Option<MultiplexedConnection>,
    next_trim: Instant,
}

impl Acker {
    async fn settle(&mut self, entries: &[EntryId]) -> Result<(), RedisError> {
        let mut redis = self.connection().await?;
        let (keys, group) = (&self.config.keys, &self.config.group);
        for chunk in entries.chunks(ACK_CHUNK) {
            let ids: Vec<_> = chunk.iter().map(ToString::to_string).collect();
            let mut ack = redis::cmd("XACK");
            ack.arg(&keys.stream).arg(group).arg(ids);
            ack.query_async::<()>(&mut redis).await?;
        }
        fault::point("after_ack");
        Ok(())
    }

    /// Wakes readers. Who misses it looks a little later.
    async fn tell(&mut self) {
        let told = async {
            let mut redis = self.connection().await?;
            let mut hint = redis::cmd("PUBLISH");
            hint.arg(&self.config.keys.commits).arg("");
            hint.query_async::<()>(&mut redis).await
        };
        if let Err(error) = told.await {
            observe::hint_failed(&self.config.lane, &error);
        }
    }

    fn trim_soon(&mut self) {
        self.next_trim = self.next_trim.min(Instant::now() + TRIM_AFTER);
    }

    async fn trim_when_due(&mut self) {
        // Also where it fails: acknowledging goes on.
        self.next_trim = Instant::now() + TRIM_EVERY;
        if let Err(error) = self.trim().await {
            observe::trim_failed(&self.config.lane, &error);
            self.redis = None;
        }
    }

    async fn trim(&mut self) -> Result<(), RedisError> {
        let (trimmed, removed, from, to) = self.look().await?;
        observe::trimmed(trimmed);
        if removed > 0 {
            observe::removed_by_others(removed, &from, &to);
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<Looked, RedisError> {
        let mut redis = self.connection().await?;
        let script = match fault::is_on("trim_too_far") {
            true => "return {redis.call('XTRIM', KEYS[1], 'MAXLEN', 0), 0, '', ''}",
            false => TRIM,
        };
        Script::new(script)
            .key(&self.config.keys.stream)
            .key(&self.config.keys.ledger)
            .arg(&self.config.group)
            .invoke_async(&mut redis)
            .await
    }

    async fn connection(&mut self) -> Result<MultiplexedConnection, RedisError> {
        if let Some(redis) = &self.redis {
            return Ok(redis.clone());
        }
        let redis = clients::redis::connect(&self.config.redis, Duration::ZERO).await?;
        self.redis = Some(redis.clone());
        Ok(redis)
    }
}

#[cfg(test)]
#[path = "ack_tests.rs"]
mod tests;
