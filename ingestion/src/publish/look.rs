//! What the monitor reads from Redis.

use common::wire::{EntryId, Source, StreamKeys};
use redis::{InfoDict, RedisResult, Script, aio::MultiplexedConnection};

use super::{
    backlog::{Known, Total},
    pressure::Seen,
};

/// The last id that the stream gave, also where its entry is gone; how many entries it was ever
/// given and has; those that the accounts tell of; and Redis's clock in milliseconds. Asked for
/// here, because XINFO alone would send two whole entries, and all at one moment, because the
/// entries of others are a difference.
const GIVEN: &str = "#!lua flags=no-writes
local reply = redis.pcall('XINFO', 'STREAM', KEYS[1])
if reply.err then return false end
local stream, now = {}, redis.call('TIME')
for i = 1, #reply, 2 do stream[reply[i]] = reply[i + 1] end
return {stream['last-generated-id'], stream['entries-added'], stream['length'],
        redis.call('HMGET', KEYS[2], unpack(ARGV)), now[1] * 1000 + math.floor(now[2] / 1000)}";

const SOURCES: [Source; 2] = [Source::Collector, Source::Generator];

/// What the stream says of all that it was ever given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given {
    /// By how many milliseconds its last id lies ahead of Redis's clock.
    pub(super) ahead_ms: u64,
    pub(super) known: Known,
}

pub(super) async fn given(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
) -> RedisResult<Given> {
    let script = Script::new(GIVEN);
    let mut script = script.prepare_invoke();
    script.key(&keys.stream).key(&keys.ledger).arg("gone");
    for source in SOURCES {
        script.arg(format!("entries:{source}"));
    }
    type Reply = (String, u64, u64, Vec<Option<u64>>, u64);
    let given: Option<Reply> = script.invoke_async(connection).await?;
    let given = given.and_then(|(last, added, length, accounts, now)| {
        let last: EntryId = last.parse().ok()?;
        let mut accounts = accounts.into_iter().map(Option::unwrap_or_default);
        // What was gone when the accounts began belongs to nobody.
        let added = added.saturating_sub(accounts.next()?);
        let ours = accounts.sum();
        Some(Given {
            ahead_ms: last.ms.saturating_sub(now),
            known: Known {
                others: added.saturating_sub(ours),
                gone: added.max(ours).saturating_sub(length),
            },
        })
    });
    Ok(given.unwrap_or_default())
}

/// `is_fresh`: `given` was read just now.
pub(super) async fn look(
    connection: &mut MultiplexedConnection,
    keys: &StreamKeys,
    given: Given,
    is_fresh: bool,
) -> RedisResult<Seen> {
    let disk_failure = disk_failure(connection, keys).await?;
    let mut accounts = redis::cmd("HMGET");
    accounts.arg(&keys.ledger);
    for source in SOURCES {
        accounts
            .arg(format!("entries:{source}"))
            .arg(format!("accepted:{source}"));
    }
    let (waiting, accounts, info): (u64, Vec<Option<u64>>, InfoDict) = redis::pipe()
        .xlen(&keys.stream)
        .add_command(accounts)
        .cmd("INFO")
        .arg("memory")
        .query_async(connection)
        .await?;
    let mut accepted = Total::default();
    for account in accounts.chunks(2) {
        accepted.entries += account[0].unwrap_or(0);
        accepted.events += account[1].unwrap_or(0);
    }
    Ok(Seen {
        waiting,
        total: Total::of(accepted, waiting, given.known),
        is_whole: is_fresh,
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
