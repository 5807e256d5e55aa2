//! What the monitor reads from Redis.

use common::wire::{EntryId, Source, StreamKeys};
use redis::{InfoDict, RedisResult, Script, aio::MultiplexedConnection};

use super::pressure::Seen;

/// The last id that the stream gave, also where its entry is gone, and Redis's clock in
/// milliseconds. Asked for here, because XINFO alone would send two whole entries.
const LAST_ID: &str = "#!lua flags=no-writes
local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
if stream.err then return false end
local now = redis.call('TIME')
for i = 1, #stream, 2 do
  if stream[i] == 'last-generated-id' then
    return {stream[i + 1], now[1] * 1000 + math.floor(now[2] / 1000)}
  end
end
return false";

/// How many milliseconds the stream's last id lies ahead of Redis's clock.
pub(super) async fn ahead(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
) -> RedisResult<u64> {
    let last: Option<(String, u64)> = Script::new(LAST_ID)
        .key(&keys.stream)
        .invoke_async(connection)
        .await?;
    let ahead = last.and_then(|(id, now)| {
        let id: EntryId = id.parse().ok()?;
        Some(id.ms.saturating_sub(now))
    });
    Ok(ahead.unwrap_or(0))
}

pub(super) async fn look(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
) -> RedisResult<Seen> {
    let disk_failure = disk_failure(connection, keys).await?;
    let mut accounts = redis::cmd("HMGET");
    accounts.arg(&keys.ledger);
    for source in [Source::Collector, Source::Generator] {
        accounts
            .arg(format!("accepted:{source}"))
            .arg(format!("entries:{source}"));
    }
    let (entries, accounts, info): (u64, Vec<Option<u64>>, InfoDict) = redis::pipe()
        .xlen(&keys.stream)
        .add_command(accounts)
        .cmd("INFO")
        .arg("memory")
        .query_async(connection)
        .await?;
    let account = |n: usize| accounts.get(n).copied().flatten().unwrap_or(0);
    Ok(Seen {
        entries,
        accepted_events: account(0) + account(2),
        accepted_entries: account(1) + account(3),
        used_bytes: info.get("used_memory").unwrap_or(0),
        max_bytes: info.get("maxmemory").unwrap_or(0),
        policy: info.get("maxmemory_policy").unwrap_or_default(),
        disk_failure,
        ahead_ms: 0,
    })
}

/// What Redis says where it takes no writes because of its disk. To remove what isn't there is
/// a write too, and leaves no trace.
///
/// # Errors
/// It takes none for another reason, or isn't there.
async fn disk_failure(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
) -> RedisResult<Option<String>> {
    let mut probe = redis::cmd("HDEL");
    probe.arg(&keys.ledger).arg("probe");
    match probe.query_async::<()>(connection).await {
        Ok(()) => Ok(None),
        Err(error) if error.code() == Some("MISCONF") => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}
