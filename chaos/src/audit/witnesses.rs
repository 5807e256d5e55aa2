//! What REST, WebSockets and Redis report in the end.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use redis::{
    AsyncCommands as _,
    streams::{StreamInfoConsumersReply, StreamPendingReply},
};
use serde_json::Value;
use testkit::wait_for;
use tokio_postgres::Client;

use crate::{
    fault::Node,
    http,
    scenario::Promise,
    stage::{GROUP, Stage},
    watch::{Held, Watcher},
};

/// What is told on its own accord may take a moment longer.
const SOON: Duration = Duration::from_secs(10);
/// Until a consumer that holds nothing is forgotten: its idle time, and two sweeps.
const FORGOTTEN: Duration = Duration::from_secs(20);

/// The close code of a server that goes away (RFC 6455, 7.4.1).
const GOING_AWAY: u16 = 1001;

/// Totals and the pipeline's own verdict, of every node of the api.
pub(super) async fn of_rest(
    stage: &Stage,
    db: &Client,
    promise: &Promise,
) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT count(*), date_trunc('minute', min(occurred_at))::text,
                      (date_trunc('minute', max(occurred_at)) + INTERVAL '1 minute')::text
                 FROM events";
    let row = db.query_one(sql, &[]).await?;
    let count: i64 = row.get(0);
    let mut wrong = Vec::new();
    let (Some(from), Some(to)) = (
        row.get::<_, Option<String>>(1),
        row.get::<_, Option<String>>(2),
    ) else {
        return Ok(vec!["nothing is stored".to_owned()]);
    };
    let iso = |text: String| text.replace(' ', "T").replace("+00", "Z");
    let path = format!("/metrics/summary?from={}&to={}", iso(from), iso(to));
    for node in stage.nodes() {
        let (Node::Api(_), true) = (node, stage.daemons.contains_key(&node)) else {
            continue;
        };
        let summary = get(stage, node, &path).await?;
        if summary["events"] != count {
            let said = &summary["events"];
            wrong.push(format!("{} counts {said} events of {count}", node.name()));
        }
        let audit = get(stage, node, "/audit?raw=true").await?;
        let verdict = audit["verdict"].as_str().unwrap_or_default();
        if !promise.verdicts.contains(&verdict) {
            wrong.push(format!(
                "the audit of {} says {verdict}: {audit}",
                node.name()
            ));
        }
    }
    Ok(wrong)
}

async fn get(stage: &Stage, node: Node, path: &str) -> anyhow::Result<Value> {
    let url = format!("{}/api/v1{path}", stage.url(node));
    Ok(http::body(&url).await?["data"].take())
}

/// What each watcher holds is what lies in its window; it was never away for longer than
/// promised, and was told each time whether it had missed something.
pub(super) async fn of_sockets(
    db: &Client,
    promise: &Promise,
    watchers: &[(String, Watcher)],
) -> anyhow::Result<Vec<String>> {
    let (mut wrong, mut counted, started) = (Vec::new(), HashMap::new(), Instant::now());
    for (name, watcher) in watchers {
        let held = loop {
            let held = watcher.held();
            let count = count_of(db, &held, &mut counted).await?;
            if count == Some(held.events) {
                break held;
            }
            if started.elapsed() > SOON {
                wrong.push(format!("a watcher of {name} holds {held:?}, not {count:?}"));
                break held;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let away = held.longest_away;
        if promise.comes_back.is_some_and(|limit| away > limit) {
            wrong.push(format!("a watcher of {name} was away for {away:.1?}"));
        }
        wrong.extend(silent_end(&held, promise));
        wrong.extend(held.surprise.map(|what| format!("{name} said {what}")));
    }
    wrong.truncate(10);
    Ok(wrong)
}

fn silent_end(held: &Held, promise: &Promise) -> Option<String> {
    let node = promise.says_goodbye?;
    let mut ends = held.ends.iter();
    let silent = ends.find(|(of, code)| *of == node && *code != Some(GOING_AWAY));
    silent.map(|(_, code)| format!("{} left a watcher with {code:?}", node.name()))
}

/// Of the window that a watcher holds; nothing is written any more.
async fn count_of(
    db: &Client,
    held: &Held,
    counted: &mut HashMap<(String, String), u64>,
) -> anyhow::Result<Option<u64>> {
    if held.from.is_empty() {
        return Ok(None);
    }
    let window = (held.from.clone(), held.to.clone());
    if let Some(count) = counted.get(&window) {
        return Ok(Some(*count));
    }
    let sql = "SELECT count(*) FROM events
                WHERE occurred_at >= $1::text::timestamptz
                  AND occurred_at < $2::text::timestamptz";
    let row = db.query_one(sql, &[&held.from, &held.to]).await?;
    let count = row.get::<_, i64>(0).unsigned_abs();
    counted.insert(window, count);
    Ok(Some(count))
}

/// Nothing is pending, and no consumer is left that doesn't run.
pub(super) async fn of_group(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let (mut redis, stream) = (stage.redis().await?, stage.keys().stream);
    let mut wrong = Vec::new();
    let pending: StreamPendingReply = redis.xpending(&stream, GROUP).await?;
    if pending.count() > 0 {
        wrong.push(format!("{} entries are pending", pending.count()));
    }
    let alive = stage.daemons.keys();
    let alive: Vec<_> = alive.map(|node| format!("{}/", node.name())).collect();
    let dead = async || -> redis::RedisResult<Vec<String>> {
        let known: StreamInfoConsumersReply = redis.clone().xinfo_consumers(&stream, GROUP).await?;
        let names = known.consumers.into_iter().map(|consumer| consumer.name);
        Ok(names
            .filter(|name| !alive.iter().any(|prefix| name.starts_with(prefix)))
            .collect())
    };
    let forgotten = async || dead().await.is_ok_and(|dead| dead.is_empty());
    if !wait_for(FORGOTTEN, forgotten).await {
        wrong.push(format!("dead consumers are left: {:?}", dead().await?));
    }
    Ok(wrong)
}

/// A panic is caught, and what follows may look well.
pub(super) fn of_logs(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for node in stage.nodes() {
        let log = std::fs::read(stage.log_of(node))?;
        let log = String::from_utf8_lossy(&log);
        let panic = log.lines().find(|line| line.contains("panicked at"));
        wrong.extend(panic.map(|line| format!("{}: {line:.300}", node.name())));
    }
    Ok(wrong)
}
