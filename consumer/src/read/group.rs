//! The consumer group and the identity of the stream it reads.

use std::sync::{Arc, LazyLock};

use common::wire::StreamKeys;
use redis::{
    Cmd, RedisResult, Script, ScriptInvocation, Value, aio::MultiplexedConnection, from_redis_value,
};
use uuid::Uuid;

use crate::observe;

/// Also where Redis has no memory left: to read is what makes room.
const CREATE: &str = r"#!lua flags=allow-oom
return redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')";

/// Makes the group where it is missing, at the beginning of the stream: `$` would skip what
/// was added before anyone read.
pub(super) async fn ensure(
    redis: &mut MultiplexedConnection,
    keys: &StreamKeys,
    group: &str,
) -> RedisResult<()> {
    let create = Script::new(CREATE);
    let mut create = create.key(&keys.stream);
    match create.arg(group).invoke_async::<()>(redis).await {
        Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
        _ => Ok(()),
    }
}

/// The stream's epoch: made by whoever comes first, gone when Redis loses the stream. Where
/// only the stream was lost and its ledger wasn't, the ledger counts entries that the stream
/// never had, or we have `seen` more added to it than it says; then the ledger begins anew, too.
/// What was gone from the stream before we first looked is none of our account. Returns the
/// epoch and what was given up.
const EPOCH: &str = r"#!lua flags=allow-oom
-- What our publishers have put on the new stream was counted in the old ledger.
local function count_again(stream, ledger)
    local page = redis.call('XRANGE', stream, '-', '+', 'COUNT', 100)
    while #page > 0 do
        for _, entry in ipairs(page) do
            local fields, events = {}, 0
            for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
            for _ in string.gmatch(fields['batch'] or '', '[^\n]+') do events = events + 1 end
            if fields['source'] == 'generator' or fields['source'] == 'collector' then
                redis.call('HINCRBY', ledger, 'entries:' .. fields['source'], 1)
                redis.call('HINCRBY', ledger, 'accepted:' .. fields['source'], events)
            end
        end
        page = redis.call('XRANGE', stream, '(' .. page[#page][1], '+', 'COUNT', 100)
    end
end
local given_up, appended, length = '', 0, 0
if redis.call('EXISTS', KEYS[1]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #info, 2 do
        if info[i] == 'entries-added' then appended = info[i + 1] end
        if info[i] == 'length' then length = info[i + 1] end
    end
end
local ours, seen, ledger = 0, 0, redis.call('HGETALL', KEYS[2])
for i = 1, #ledger, 2 do
    if string.sub(ledger[i], 1, 8) == 'entries:' then ours = ours + ledger[i + 1] end
    if ledger[i] == 'seen' then seen = tonumber(ledger[i + 1]) end
end
if appended < math.max(ours, seen) then
    given_up, seen = table.concat(ledger, ' '), 0
    redis.call('DEL', KEYS[2])
    count_again(KEYS[1], KEYS[2])
end
if appended > seen then redis.call('HSET', KEYS[2], 'seen', appended) end
redis.call('HSETNX', KEYS[2], 'epoch', ARGV[1])
redis.call('HSETNX', KEYS[2], 'gone', appended - length)
return {redis.call('HGET', KEYS[2], 'epoch'), given_up}";

/// The epoch; says so where the stream was lost since it was `known`.
pub(super) async fn epoch(
    redis: &mut MultiplexedConnection,
    keys: &StreamKeys,
    known: Option<&str>,
) -> RedisResult<Arc<str>> {
    let found = asked(keys).invoke_async(redis).await?;
    Ok(found_epoch(found, keys, known))
}

/// A read and, in the same round trip but after it, the epoch, whose script [`epoch`] has loaded.
/// Where the stream is lost the read fails and the epoch is another: both are told.
pub(super) async fn read_with_epoch(
    redis: &mut MultiplexedConnection,
    read: Cmd,
    keys: &StreamKeys,
    known: Option<&str>,
) -> RedisResult<(RedisResult<Value>, Arc<str>)> {
    let mut both = redis::pipe();
    both.add_command(read).invoke_script(&asked(keys));
    // One by one: an error of the read has its code only so.
    let (reply, found): (Value, Value) = both.ignore_errors().query_async(redis).await?;
    let found = from_redis_value(found.extract_error()?)?;
    let epoch = found_epoch(found, keys, known);
    let reply = match reply {
        error @ Value::ServerError(_) => error.extract_error(),
        reply => Ok(reply),
    };
    Ok((reply, epoch))
}

fn asked(keys: &StreamKeys) -> ScriptInvocation<'static> {
    static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(EPOCH));
    let mut asked = SCRIPT.key(&keys.stream);
    asked.key(&keys.ledger).arg(Uuid::now_v7().to_string());
    asked
}

fn found_epoch(
    (epoch, given_up): (String, String),
    keys: &StreamKeys,
    known: Option<&str>,
) -> Arc<str> {
    if !given_up.is_empty() || known.is_some_and(|known| known != epoch) {
        observe::stream_lost(&keys.stream, &given_up);
    }
    epoch.into()
}

/// Whether the group (or the whole stream) was destroyed under us.
pub(super) fn is_missing(error: &redis::RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"))
}
