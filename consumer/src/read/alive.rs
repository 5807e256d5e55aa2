//! Which consumers of a group are alive: those that were active recently.

use std::time::Duration;

use redis::{RedisResult, Script, Value, aio::MultiplexedConnection};

/// How often an idle reader reports that it is alive.
pub(super) const SAY_EVERY: Duration = Duration::from_secs(1);
/// The shortest silence after which a consumer is considered dead.
const LEAST_SILENCE: Duration = Duration::from_secs(5);

/// An id greater than that of any entry.
const AFTER_ALL: &str = "18446744073709551615-0";

/// Checks and deletes in one step: DELCONSUMER throws pending entries away.
const REMOVE_IDLE_EMPTY_CONSUMERS: &str = r"
local removed = {}
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = {}
    for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
    if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
        table.insert(removed, consumer['name'])
    end
end
return removed";

/// Ends the idle time of a consumer. Before Redis 7.2 a read that finds nothing new and a sweep
/// that finds nothing to claim leave it as it is; a look at its own entries ends it, also where
/// it asks for none of them.
pub(super) async fn say(
    redis: &mut MultiplexedConnection,
    stream: &str,
    group: &str,
    consumer: &str,
) -> RedisResult<()> {
    let mut look = redis::cmd("XREADGROUP");
    look.arg("GROUP").arg(group).arg(consumer);
    look.arg("COUNT").arg(1);
    look.arg("STREAMS").arg(stream).arg(AFTER_ALL);
    look.query_async::<Value>(redis).await.map(drop)
}

/// After how long a consumer without entries is considered dead, if entries may be claimed after
/// `claim_idle`.
pub(super) fn silence(claim_idle: Duration) -> Duration {
    claim_idle.max(LEAST_SILENCE)
}

/// Removes consumers that hold nothing and have said nothing for longer than `silence`, and
/// names them.
pub(super) async fn remove_dead(
    redis: &mut MultiplexedConnection,
    stream: &str,
    group: &str,
    silence: Duration,
) -> RedisResult<Vec<String>> {
    Script::new(REMOVE_IDLE_EMPTY_CONSUMERS)
        .key(stream)
        .arg(group)
        .arg(silence.as_millis() as u64)
        .invoke_async(redis)
        .await
}

#[cfg(test)]
mod tests {
    use testkit::{Services, wait_until};

    use super::*;

    #[tokio::test]
    async fn only_idle_consumers_that_hold_nothing_are_removed() {
        let services = Services::without_schema().await;
        let (mut redis, stream) = (services.redis().await, services.stream.stream_key.clone());
        let run = |words: &str| {
            let mut command = redis::cmd("XGROUP");
            words.split(' ').for_each(|word| {
                command.arg(if word == "$" { &stream } else { word });
            });
            command
        };
        let () = run("CREATE $ g 0 MKSTREAM")
            .query_async(&mut redis)
            .await
            .unwrap();
        let _: i64 = run("CREATECONSUMER $ g empty")
            .query_async(&mut redis)
            .await
            .unwrap();
        let mut add = redis::cmd("XADD");
        add.arg(&stream).arg("*").arg("event").arg("{}");
        let _: String = add.query_async(&mut redis).await.unwrap();
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP")
            .arg("g")
            .arg("holds")
            .arg("STREAMS")
            .arg(&stream)
            .arg(">");
        let _: Value = read.query_async(&mut redis).await.unwrap();

        let removed = remove_dead(&mut redis, &stream, "g", Duration::from_secs(3_600))
            .await
            .unwrap();
        assert_eq!(removed, [""; 0]);
        let hasty = Duration::from_millis(10);
        let removed = std::cell::RefCell::new(Vec::new());
        wait_until(
            "the empty one is idle for long enough",
            Duration::from_secs(10),
            || async {
                let mut redis = redis.clone();
                let gone = remove_dead(&mut redis, &stream, "g", hasty).await.unwrap();
                removed.borrow_mut().extend(gone);
                !removed.borrow().is_empty()
            },
        )
        .await;
        assert_eq!(*removed.borrow(), ["empty"]);
        let mut pending = redis::cmd("XPENDING");
        pending.arg(&stream).arg("g");
        let pending: redis::streams::StreamPendingReply =
            pending.query_async(&mut redis).await.unwrap();
        assert_eq!(pending.count(), 1);
    }

    #[tokio::test]
    async fn who_says_so_is_alive_and_keeps_what_it_holds() {
        let services = Services::without_schema().await;
        let (mut redis, stream) = (services.redis().await, services.stream.stream_key.clone());
        let mut create = redis::cmd("XGROUP");
        create
            .arg("CREATE")
            .arg(&stream)
            .arg("g")
            .arg("0")
            .arg("MKSTREAM");
        let () = create.query_async(&mut redis).await.unwrap();
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATECONSUMER").arg(&stream).arg("g");
        let _: i64 = create.arg("empty").query_async(&mut redis).await.unwrap();
        let mut add = redis::cmd("XADD");
        add.arg(&stream).arg("*").arg("event").arg("{}");
        let _: String = add.query_async(&mut redis).await.unwrap();
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg("g").arg("holds");
        read.arg("STREAMS").arg(&stream).arg(">");
        let _: Value = read.query_async(&mut redis).await.unwrap();
        let mut pending = redis::cmd("XPENDING");
        pending.arg(&stream).arg("g").arg("-").arg("+").arg(10);
        // Far longer than from what is said to the removal after it.
        let silence = Duration::from_secs(2);
        for _ in 0..5 {
            tokio::time::sleep(silence / 4).await;
            for name in ["holds", "empty"] {
                say(&mut redis, &stream, "g", name).await.unwrap();
            }
            let removed = remove_dead(&mut redis, &stream, "g", silence)
                .await
                .unwrap();
            assert_eq!(removed, [""; 0]);
        }
        let held: redis::streams::StreamPendingCountReply =
            pending.query_async(&mut redis).await.unwrap();
        // Delivered once: to say so is no second delivery.
        let held: Vec<_> = held
            .ids
            .iter()
            .map(|id| (id.consumer.as_str(), id.times_delivered))
            .collect();
        assert_eq!(held, [("holds", 1)]);
    }
}
