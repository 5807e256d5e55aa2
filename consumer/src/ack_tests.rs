use common::{config::RedisUrl, wire::StreamKeys};
use futures_util::StreamExt as _;
use proptest::{prelude::*, test_runner::TestRunner};
use redis::{AsyncCommands as _, Value, streams};
use testkit::Services;
use tokio::time::timeout;

use super::*;
use crate::read::model::lowest_needed;

const SOON: Duration = Duration::from_secs(30);
const GROUPS: [&str; 3] = ["timescale-writer", "second", "third"];

#[derive(Debug, Clone)]
enum Op {
    Add {
        seq_gap: u8,
    },
    Read {
        group: usize,
        count: u8,
    },
    Ack {
        group: usize,
        every: u8,
    },
    /// Back or forward, to the given share of the stream.
    Set {
        group: usize,
        share: u8,
    },
    Force {
        group: usize,
        share: u8,
    },
    Destroy {
        group: usize,
    },
    Create {
        group: usize,
        share: u8,
    },
    Delete {
        share: u8,
    },
    Trim,
}

fn op() -> impl Strategy<Value = Op> {
    let (group, share) = (0..GROUPS.len(), any::<u8>());
    prop_oneof![
        8 => (0..4_u8).prop_map(|seq_gap| Op::Add { seq_gap }),
        6 => (group.clone(), 1..6_u8).prop_map(|(group, count)| Op::Read { group, count }),
        4 => (group.clone(), 1..4_u8).prop_map(|(group, every)| Op::Ack { group, every }),
        1 => (group.clone(), share).prop_map(|(group, share)| Op::Set { group, share }),
        1 => (group.clone(), share).prop_map(|(group, share)| Op::Force { group, share }),
        1 => group.clone().prop_map(|group| Op::Destroy { group }),
        1 => (group, share).prop_map(|(group, share)| Op::Create { group, share }),
        1 => share.prop_map(|share| Op::Delete { share }),
        4 => Just(Op::Trim),
    ]
}

struct Stream {
    acker: Acker,
    redis: MultiplexedConnection,
    key: String,
    last: (u64, u64),
    /// By somebody else, since the last look.
    deleted: u64,
    looked: bool,
}

impl Stream {
    async fn new(services: &Services) -> Self {
        let key = services.stream.stream_key.clone();
        let mut redis = services.redis().await;
        let keys = StreamKeys::new(&key);
        let () = redis.del(&[&key, &keys.ledger]).await.unwrap();
        for group in GROUPS {
            let () = redis
                .xgroup_create_mkstream(&key, group, "0")
                .await
                .unwrap();
        }
        let config = AckConfig {
            redis: services.redis.clone(),
            keys,
            group: GROUPS[0].into(),
            lane: "test".into(),
        };
        let acker = Acker {
            config,
            redis: Some(redis.clone()),
            next_trim: Instant::now(),
        };
        Self {
            acker,
            redis,
            key,
            last: (9, 9_999_999),
            deleted: 0,
            looked: false,
        }
    }

    async fn with_one_group(services: &Services) -> Self {
        let mut stream = Self::new(services).await;
        for group in 1..GROUPS.len() {
            stream.apply(&Op::Destroy { group }).await;
        }
        stream
    }

    async fn ids(&mut self) -> Vec<String> {
        let range: streams::StreamRangeReply = self.redis.xrange_all(&self.key).await.unwrap();
        range.ids.into_iter().map(|entry| entry.id).collect()
    }

    async fn at(&mut self, share: u8) -> String {
        let ids = self.ids().await;
        let index = ids.len() * usize::from(share) / 256;
        ids.get(index).cloned().unwrap_or_else(|| "0-0".into())
    }

    async fn pending(&mut self, group: &str) -> Vec<String> {
        let pending: redis::RedisResult<streams::StreamPendingCountReply> = self
            .redis
            .xpending_count(&self.key, group, "-", "+", 10_000)
            .await;
        pending.map_or_else(
            |_| vec![],
            |p| p.ids.into_iter().map(|one| one.id).collect(),
        )
    }

    async fn apply(&mut self, op: &Op) {
        // Some of these can't be done at present; Redis says so.
        let _: redis::RedisResult<Value> = match op {
            Op::Add { seq_gap } => {
                let (ms, seq) = self.last;
                // Sequences and milliseconds that differ in their number of digits.
                self.last = if *seq_gap == 0 {
                    (ms * 3, 0)
                } else {
                    (ms, seq + u64::from(*seq_gap))
                };
                let id = format!("{}-{}", self.last.0, self.last.1);
                self.redis.xadd(&self.key, id, &[("event", "{}")]).await
            }
            Op::Read { group, count } => {
                let options = streams::StreamReadOptions::default()
                    .group(GROUPS[*group], "consumer")
                    .count((*count).into());
                self.redis
                    .xread_options(&[&self.key], &[">"], &options)
                    .await
            }
            Op::Ack { group, every } => {
                let ids: Vec<_> = self.pending(GROUPS[*group]).await;
                let ids: Vec<_> = ids.iter().step_by((*every).into()).collect();
                self.redis.xack(&self.key, GROUPS[*group], &ids).await
            }
            Op::Set { group, share } => {
                let id = self.at(*share).await;
                self.redis.xgroup_setid(&self.key, GROUPS[*group], id).await
            }
            Op::Force { group, share } => {
                let id = self.at(*share).await;
                let mut claim = redis::cmd("XCLAIM");
                claim
                    .arg(&self.key)
                    .arg(GROUPS[*group])
                    .arg("other")
                    .arg(0)
                    .arg(id)
                    .arg("FORCE");
                claim.query_async(&mut self.redis).await
            }
            Op::Destroy { group } => self.redis.xgroup_destroy(&self.key, GROUPS[*group]).await,
            Op::Create { group, share } => {
                let id = self.at(*share).await;
                self.redis
                    .xgroup_create(&self.key, GROUPS[*group], id)
                    .await
            }
            Op::Delete { share } => {
                let id = self.at(*share).await;
                let deleted: redis::RedisResult<u64> = self.redis.xdel(&self.key, &[id]).await;
                self.deleted += deleted.unwrap_or_default();
                Ok(Value::Nil)
            }
            Op::Trim => {
                self.trim_and_check().await;
                Ok(Value::Nil)
            }
        };
    }

    /// Trims; what is below the lowest entry that some group needs is gone, and nothing else.
    async fn trim_and_check(&mut self) {
        let before = self.ids().await;
        let groups: streams::StreamInfoGroupsReply =
            self.redis.xinfo_groups(&self.key).await.unwrap();
        let (mut lowest, mut ours) = (None, false);
        for group in &groups.groups {
            let read: EntryId = group.last_delivered_id.parse().unwrap();
            let pending = self.pending(&group.name).await;
            let pending = pending.first().map(|id| id.parse().unwrap());
            let needed = lowest_needed(read, pending);
            lowest = Some(lowest.map_or(needed, |lowest: EntryId| lowest.min(needed)));
            ours |= group.name == GROUPS[0];
        }
        let stays = |id: &&String| !ours || id.parse::<EntryId>().ok() >= lowest;
        let needed: Vec<_> = before.iter().filter(stays).cloned().collect();
        let (trimmed, removed, ..) = self.acker.look().await.unwrap();
        assert_eq!(self.ids().await, needed, "of {before:?}");
        assert_eq!(trimmed, (before.len() - needed.len()) as u64);
        if ours {
            // The first look only remembers.
            let known = std::mem::replace(&mut self.looked, true);
            let deleted = std::mem::take(&mut self.deleted);
            assert_eq!(removed, if known { deleted } else { 0 });
        }
    }
}

#[test]
fn trimming_never_passes_what_a_group_still_needs() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let services = runtime.block_on(Services::without_schema());
    let config = ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(op(), 1..80), |ops| {
            runtime.block_on(async {
                let mut stream = Stream::new(&services).await;
                for op in &ops {
                    stream.apply(op).await;
                }
                stream.trim_and_check().await;
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn trimming_a_stream_that_is_not_there_does_nothing() {
    let services = Services::without_schema().await;
    let mut stream = Stream::new(&services).await;
    let () = stream.redis.del(&stream.key).await.unwrap();
    stream.acker.trim().await.unwrap();
    assert!(stream.ids().await.is_empty());
}

#[tokio::test]
async fn what_somebody_else_removes_is_noticed_once() {
    let services = Services::without_schema().await;
    let mut stream = Stream::with_one_group(&services).await;
    stream.apply(&Op::Add { seq_gap: 1 }).await;
    let nothing = |trimmed| (trimmed, 0, String::new(), String::new());
    assert_eq!(stream.acker.look().await.unwrap(), nothing(0));
    for _ in 0..9 {
        stream.apply(&Op::Add { seq_gap: 1 }).await;
    }
    let (group, count) = (0, 2);
    stream.apply(&Op::Read { group, count }).await;
    stream.apply(&Op::Ack { group, every: 1 }).await;
    let ids = stream.ids().await;
    assert_eq!(stream.acker.look().await.unwrap(), nothing(2));
    // Unread ones, from the front and from the middle.
    let mut trim = redis::cmd("XTRIM");
    trim.arg(&stream.key).arg("MAXLEN").arg(5);
    let trimmed: u64 = trim.query_async(&mut stream.redis).await.unwrap();
    assert_eq!(trimmed, 3);
    let wanted = (0, 3, ids[2].clone(), ids[5].clone());
    assert_eq!(stream.acker.look().await.unwrap(), wanted);
    assert_eq!(stream.acker.look().await.unwrap(), nothing(0));
    let _: u64 = stream.redis.xdel(&stream.key, &[&ids[7]]).await.unwrap();
    let wanted = (0, 1, ids[5].clone(), ids[9].clone());
    assert_eq!(stream.acker.look().await.unwrap(), wanted);
    let _: u64 = stream
        .redis
        .xtrim(&stream.key, streams::StreamMaxlen::Equals(0))
        .await
        .unwrap();
    let wanted = (0, 4, ids[5].clone(), ids[9].clone());
    assert_eq!(stream.acker.look().await.unwrap(), wanted);
    // Another stream of the same name owes nothing.
    let () = stream.redis.del(&stream.key).await.unwrap();
    stream.apply(&Op::Add { seq_gap: 1 }).await;
    assert_eq!(stream.acker.look().await.unwrap(), nothing(0));
}

fn committed(ids: &[String]) -> Committed {
    Committed {
        entries: ids.iter().map(|id| id.parse().unwrap()).collect(),
        counts: Default::default(),
        stream_wait: Duration::ZERO,
        write: Duration::ZERO,
        bytes: 0,
        dead_letters: Vec::new(),
        lost: Vec::new(),
    }
}

#[tokio::test]
async fn what_is_committed_is_acknowledged_told_and_trimmed() {
    let services = Services::without_schema().await;
    let mut stream = Stream::with_one_group(&services).await;
    for _ in 0..3 {
        stream.apply(&Op::Add { seq_gap: 1 }).await;
    }
    let (group, count) = (0, 3);
    stream.apply(&Op::Read { group, count }).await;
    let ids = stream.ids().await;
    let config = stream.acker.config.clone();
    let told = clients::redis::subscribe(&services.redis, &config.keys.commits);
    let mut told = told.await.unwrap();

    let (commits, received) = mpsc::channel(1);
    let acknowledger = tokio::spawn(acknowledge(config, received, Shutdown::new()));
    // The first is trimmed with the look that is due, the second with the next.
    for done in 0..2 {
        commits.send(committed(&ids[done..=done])).await.unwrap();
        let news = timeout(SOON, told.on_message().next()).await;
        assert!(news.unwrap().is_some());
        assert_eq!(stream.pending(GROUPS[0]).await, ids[done + 1..]);
        let until = Instant::now() + SOON;
        while stream.ids().await != ids[done + 1..] {
            assert!(Instant::now() < until, "never trimmed");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    drop(commits);
    timeout(SOON, acknowledger).await.unwrap().unwrap();
}

/// They are denied what is only of use to others.
#[tokio::test]
async fn hints_and_trims_that_fail_hold_nothing_up() {
    let services = Services::without_schema().await;
    let mut stream = Stream::new(&services).await;
    let mut config = stream.acker.config.clone();
    let user = services.stream.stream_key.clone();
    let mut acl = redis::cmd("ACL");
    acl.arg("SETUSER").arg(&user);
    acl.arg(&["on", ">secret", "~*", "resetchannels", "+@all", "-xtrim"]);
    let () = acl.query_async(&mut stream.redis).await.unwrap();
    let url = config.redis.redis_url.0;
    let place = url
        .rsplit_once('@')
        .map_or(&url["redis://".len()..], |(_, place)| place);
    config.redis.redis_url = RedisUrl(format!("redis://{user}:secret@{place}"));

    let (commits, received) = mpsc::channel(1);
    let acknowledger = tokio::spawn(acknowledge(config, received, Shutdown::new()));
    for _ in 0..5 {
        stream.apply(&Op::Add { seq_gap: 1 }).await;
        let (group, count) = (0, 1);
        stream.apply(&Op::Read { group, count }).await;
        let ids = stream.ids().await;
        commits
            .send(committed(&ids[ids.len() - 1..]))
            .await
            .unwrap();
    }
    drop(commits);
    timeout(SOON, acknowledger).await.unwrap().unwrap();
    assert_eq!(stream.pending(GROUPS[0]).await, [""; 0]);
    assert_eq!(stream.ids().await.len(), 5);
    let mut acl = redis::cmd("ACL");
    let () = acl
        .arg("DELUSER")
        .arg(&user)
        .query_async(&mut stream.redis)
        .await
        .unwrap();
}

#[tokio::test]
async fn without_redis_it_waits_and_gives_up_when_it_is_to_stop() {
    let services = Services::without_schema().await;
    let mut config = Stream::new(&services).await.acker.config;
    let nobody = testkit::free_port().unwrap();
    config.redis.redis_url = RedisUrl(format!("redis://127.0.0.1:{nobody}"));
    let (commits, received) = mpsc::channel(1);
    let shutdown = Shutdown::new();
    let mut acknowledger = tokio::spawn(acknowledge(config, received, shutdown.clone()));
    commits.send(committed(&["1-1".into()])).await.unwrap();
    let waits = timeout(Duration::from_millis(300), &mut acknowledger).await;
    assert!(waits.is_err());
    shutdown.stop();
    timeout(SOON, acknowledger).await.unwrap().unwrap();
}

#[tokio::test]
async fn it_trims_now_and_then_and_soon_after_the_last_commit() {
    let services = Services::without_schema().await;
    let mut acker = Stream::new(&services).await.acker;
    let now = Instant::now();
    acker.trim_when_due().await;
    assert!(acker.next_trim >= now + TRIM_EVERY);
    acker.next_trim = now;
    // Also where it fails.
    acker.redis = None;
    acker.config.redis.redis_url = RedisUrl("redis://127.0.0.1:1".to_owned());
    acker.trim_when_due().await;
    assert!(acker.next_trim >= now + TRIM_EVERY);
    acker.next_trim = now + TRIM_EVERY;
    acker.trim_soon();
    assert!(acker.next_trim < now + TRIM_EVERY && acker.next_trim >= now + TRIM_AFTER);
    acker.next_trim = now;
    acker.trim_soon();
    assert_eq!(acker.next_trim, now);
}
