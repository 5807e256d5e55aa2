use common::{rollup::Tier, time::UnixMicros};
use serde_json::json;

use crate::support::{Api, MINUTE, Sent, build, write};

/// What our publisher leaves in Redis for one entry of `events` events, handled and acknowledged.
pub(crate) async fn publish(api: &Api, events: usize, acknowledge: bool) {
    let (keys, group) = (api.services.keys(), &api.services.stream.consumer_group);
    let mut redis = api.services.redis().await;
    let _: Result<(), _> = redis::cmd("XGROUP")
        .arg("CREATE")
        .arg(&keys.stream)
        .arg(group)
        .arg("0")
        .arg("MKSTREAM")
        .query_async(&mut redis)
        .await;
    let id: String = redis::cmd("XADD")
        .arg(&keys.stream)
        .arg("*")
        .arg("batch")
        .arg("{}")
        .query_async(&mut redis)
        .await
        .unwrap();
    let fields = [("accepted:generator", events), ("entries:generator", 1)];
    for (field, by) in fields {
        let _: i64 = redis::cmd("HINCRBY")
            .arg(&keys.ledger)
            .arg(field)
            .arg(by)
            .query_async(&mut redis)
            .await
            .unwrap();
    }
    let _: i64 = redis::cmd("HSETNX")
        .arg(&keys.ledger)
        .arg("epoch")
        .arg("epoch")
        .query_async(&mut redis)
        .await
        .unwrap();
    let _: redis::Value = redis::cmd("XREADGROUP")
        .arg("GROUP")
        .arg(group)
        .arg("host/0")
        .arg("STREAMS")
        .arg(&keys.stream)
        .arg(">")
        .query_async(&mut redis)
        .await
        .unwrap();
    if acknowledge {
        let _: i64 = redis::cmd("XACK")
            .arg(&keys.stream)
            .arg(group)
            .arg(id)
            .query_async(&mut redis)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_audit_knows_what_is_missing() {
    let mut api = Api::start().await.ready().await;
    assert_eq!(
        api.data("/api/v1/audit?raw=true").await["verdict"],
        "balanced",
        "nothing is balanced"
    );
    let now = UnixMicros::now();
    let events: Vec<_> = (0..10)
        .map(|n| Sent::at(UnixMicros(now.0 - n), n as u32))
        .collect();
    // Two writers commit an entry each, of five events each.
    publish(&api, 5, false).await;
    publish(&api, 5, false).await;
    let audit = api.data("/api/v1/audit").await;
    assert_eq!(
        (&audit["verdict"], &audit["total"]["in_flight"]),
        (&json!("settling"), &json!(10))
    );
    write(&mut api.db, &events, 1, &events).await;
    let audit = api.data("/api/v1/audit?raw=true").await;
    assert_eq!(audit["verdict"], "balanced");
    let generator = &audit["sources"][1];
    assert_eq!(generator["source"], "generator");
    assert_eq!(
        (&generator["accepted"], &generator["stored"]),
        (&json!(10), &json!(10))
    );
    let database = &audit["database"];
    assert_eq!(
        (&database["raw_events"], &database["rollup_1m_events"]),
        (&json!(10), &json!(10))
    );
    assert_eq!(database["rollup_events"], 10);

    api.db
        .batch_execute("UPDATE rollup_1m SET events = events + 1 WHERE dimension = 0")
        .await
        .unwrap();
    let audit = api.data("/api/v1/audit").await;
    assert_eq!(
        (&audit["verdict"], &audit["database"]["equal"]),
        (&json!("overcounted"), &json!(false))
    );
    api.stop().await;
}

/// Without `raw` the audit reads what queries read: days, quarters and the minutes between.
#[tokio::test]
async fn the_audit_counts_by_coarse_tiers() {
    let mut api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let hours_ago = |hours: i64| UnixMicros(now.0 - hours * 60 * MINUTE);
    let events: Vec<_> = (0..400_i64)
        .map(|n| Sent::at(hours_ago(n), u32::try_from(n).unwrap()))
        .collect();
    for chunk in events.chunks(4) {
        publish(&api, chunk.len(), true).await;
    }
    write(&mut api.db, &events, 1, &events).await;
    api.db
        .batch_execute("UPDATE ledger SET entries = 50")
        .await
        .unwrap();
    // The last hours aren't built, and an old day not either.
    let recent = hours_ago(5);
    let old = Tier::Day.bucket(hours_ago(150));
    build(&mut api.db, Tier::QuarterHour, &events, |bucket| {
        bucket > recent
    })
    .await;
    let today = Tier::Day.bucket(now);
    let unbuilt = |bucket| bucket == old || bucket == today;
    build(&mut api.db, Tier::Day, &events, unbuilt).await;
    let audit = api.data("/api/v1/audit").await;
    assert_eq!(audit["verdict"], "balanced", "{audit}");
    let database = &audit["database"];
    assert_eq!(database["rollup_events"], 400);
    assert_eq!(
        (&database["rollup_1m_events"], &database["raw_events"]),
        (&json!(null), &json!(null))
    );
    // A quarter from before a day in a built day isn't looked at any more; the day is.
    let spoil = |table: &str, bucket: UnixMicros| {
        let at = bucket.to_rfc3339();
        format!("UPDATE {table} SET events = events + 1 WHERE dimension = 0 AND bucket = '{at}'")
    };
    let quarter = Tier::QuarterHour.bucket(hours_ago(200));
    api.db
        .batch_execute(&spoil("rollup_15m", quarter))
        .await
        .unwrap();
    assert_eq!(api.data("/api/v1/audit").await["verdict"], "balanced");
    assert_eq!(
        api.data("/api/v1/audit?raw=true").await["database"]["equal"],
        false
    );
    let day = Tier::Day.bucket(hours_ago(250));
    api.db
        .batch_execute(&spoil("rollup_1d", day))
        .await
        .unwrap();
    let audit = api.data("/api/v1/audit").await;
    assert_eq!(
        (&audit["verdict"], &audit["database"]["rollup_events"]),
        (&json!("overcounted"), &json!(401))
    );
    api.stop().await;
}

#[tokio::test]
async fn an_acknowledged_event_that_is_nowhere_is_lost() {
    let api = Api::start().await.ready().await;
    publish(&api, 5, true).await;
    let audit = api.data("/api/v1/audit").await;
    assert_eq!(audit["verdict"], "lost", "{audit}");
    api.stop().await;
}

#[tokio::test]
async fn dead_letters_are_shown_newest_first() {
    let api = Api::start().await.ready().await;
    let insert = "INSERT INTO streams (key, epoch) VALUES ('k', 'e'); \
        INSERT INTO dead_letters (stream_id, entry_id, entry_index, source, reason, detail, payload) \
        SELECT 1, n || '-0', 0, 'external', 'malformed_json', 'why', '\\xff7b' FROM generate_series(1, 3) n";
    api.db.batch_execute(insert).await.unwrap();
    let data = api.data("/api/v1/dead-letters?limit=2").await;
    let rows = data.as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["entry_id"], &rows[0]["payload"]),
        (&json!("3-0"), &json!("\u{fffd}{"))
    );
    assert_eq!(
        api.data("/api/v1/pipeline").await["dead_letters"],
        json!({"total": 3, "last_hour": 3, "by_reason": [{"reason": "malformed_json", "count": 3}]})
    );
    api.stop().await;
}
