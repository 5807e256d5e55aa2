//! What clients cost the database: nothing.

use std::{collections::BTreeMap, time::Duration};

use common::time::UnixMicros;
use serde_json::json;

use crate::{
    live_client::{Socket, connect, hear, say},
    support::{Api, Sent, write},
};

const CLIENTS: usize = 60;
const COMMITS: i64 = 12;
/// Of the feed; `pipeline` has its own look.
const STATEMENTS: usize = 8;

#[tokio::test]
async fn one_look_reads_for_everybody() {
    let mut api = Api::start().await.ready().await;
    let extension = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
    let counted = api.db.batch_execute(extension).await;
    counted.expect("the server counts statements: it has pg_stat_statements, and preloads it");
    let sockets = subscribe_all(&api).await;
    let reset = "SELECT pg_stat_statements_reset(0, oid) FROM pg_database WHERE datname = current_database()";
    api.db.execute(reset, &[]).await.unwrap();
    commit_often(&mut api).await;
    let calls = calls_by_statement(&api).await;
    let looks = calls["live_generation"];
    assert!(looks >= 3, "{calls:?}");
    let live: Vec<_> = calls
        .iter()
        .filter(|(name, _)| name.starts_with("live_"))
        .collect();
    assert!(live.len() <= STATEMENTS, "{calls:?}");
    // One look may have begun before the counting did.
    for (name, calls) in live {
        assert!(*calls <= looks + 1, "{name}: {calls} in {looks} looks");
    }
    // Nobody asks the database for a client.
    let others: Vec<_> = calls
        .keys()
        .filter(|name| !name.starts_with("live_"))
        .collect();
    assert!(
        others.iter().all(|name| *name == "schema_present"),
        "{others:?}"
    );
    // Every client has been told nevertheless.
    for mut socket in sockets {
        while hear(&mut socket).await["data"]["totals"]["events"]
            .as_u64()
            .unwrap_or_default()
            < 20
        {}
    }
    api.stop().await;
}

/// Every client takes five topics, with parameters that differ.
async fn subscribe_all(api: &Api) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for client in 0..CLIENTS {
        let mut socket = connect(api).await;
        let minutes = 5 + client % 7;
        let subscriptions = [
            ("metrics", json!({"minutes": minutes})),
            (
                "metrics",
                json!({"minutes": minutes, "filter": ["contains", "page", ["/"]]}),
            ),
            (
                "breakdown",
                json!({"dimension": "page", "limit": 1 + client % 5}),
            ),
            ("realtime", json!({})),
            ("events", json!({"rate": 1 + client % 9})),
        ];
        for (id, (topic, params)) in subscriptions.iter().enumerate() {
            let id = format!("{client}.{id}");
            say(
                &mut socket,
                json!({"type": "subscribe", "id": id, "topic": topic, "params": params}),
            )
            .await;
        }
        for _ in subscriptions {
            let mut heard = hear(&mut socket).await;
            while heard["type"] == "next" {
                heard = hear(&mut socket).await;
            }
            assert_eq!(heard["type"], "subscribed", "{heard}");
        }
        sockets.push(socket);
    }
    sockets
}

async fn commit_often(api: &mut Api) {
    let mut all = Vec::new();
    for seq in 1..=COMMITS {
        let new: Vec<_> = (0..20)
            .map(|n| Sent {
                page: Some("/a"),
                ..Sent::at(UnixMicros(UnixMicros::now().0 - n * 20_000_000), n as u32)
            })
            .collect();
        all.extend(new.iter().cloned());
        write(&mut api.db, &new, seq, &all).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

async fn calls_by_statement(api: &Api) -> BTreeMap<String, i64> {
    let counted = "SELECT split_part(substr(query, 4), E'\\n', 1), sum(calls)::bigint FROM pg_stat_statements \
                   WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                   AND query LIKE '-- %' GROUP BY 1";
    let rows = api.db.query(counted, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}
