//! What the monitor reads from Redis.

use common::wire::{EntryId, Source, StreamKeys};
use redis::{InfoDict, RedisResult, Script, aio::MultiplexedConnection};

use super::pressure::Seen;

/// The last id that the stream gave, also where its entry is gone, how many entries it was ever
/// given, and Redis's clock in milliseconds. Asked for here, because XINFO alone would send two
/// whole entries.
const GIVEN: &str = "#!lua flags=no-writes
local reply = redis.pcall('XINFO', 'STREAM', KEYS[1])
if reply.err then return false end
local stream, now = {}, redis.call('TIME')
for i = 1, #reply, 2 do stream[reply[i]] = reply[i + 1] end
return {stream['last-generated-id'], stream['entries-added'],
        now[1] * 1000 + math.floor(now[2] / 1000)}";

/// What the stream says of all that it was ever given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given {
    /// By how many milliseconds its last id lies ahead of Redis's clock.
    pub(super) ahead_ms: u64,
    pub(super) entries: u64,
}

pub(super) async fn given(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
) -> RedisResult<Given> {
    let given: Option<(String, u64, u64)> = Script::new(GIVEN)
        .key(&keys.stream)
        .invoke_async(connection)
        .await?;
    let given = given.and_then(|(last, entries, now)| {
        let last: EntryId = last.parse().ok()?;
        Some(Given {
            ahead_ms: last.ms.saturating_sub(now),
            entries,
        })
    });
    Ok(given.unwrap_or_default())
}

pub(super) async fn look(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
    given: Given,
) -> RedisResult<Seen> {
    let disk_failure = disk_failure(connection, keys).await?;
    let mut accounts = redis::cmd("HMGET");
    accounts.arg(&keys.ledger);
    for source in [Source::Collector, Source::Generator] {
        accounts
            .arg(format!("accepted:{source}"))
            .arg(format!("entries:{source}"));
    }
    accounts.arg("gone");
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
        given_entries: given.entries.saturating_sub(account(4)),
        used_bytes: info.get("used_memory").unwrap_or(0),
        max_bytes: info.get("maxmemory").unwrap_or(0),
        policy: info.get("maxmemory_policy").unwrap_or_default(),
        disk_failure,
        ahead_ms: given.ahead_ms,
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
