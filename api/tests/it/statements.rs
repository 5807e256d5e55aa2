use api::query::statements;
use testkit::Services;

#[tokio::test]
async fn every_statement_prepares_and_has_a_name() {
    let services = Services::start().await;
    let client = services.db().await;
    for statement in statements::all() {
        assert!(statement.0.starts_with("-- "), "{}", statement.0);
        client
            .prepare(statement.0)
            .await
            .unwrap_or_else(|error| panic!("{}\n{error:?}", statement.0));
    }
}

/// Events of forty days, one chunk each: the newest are looked for in the last ones, however often
/// the statement was asked before.
#[tokio::test]
async fn the_newest_events_are_looked_for_in_recent_chunks() {
    let services = Services::start().await;
    let client = services.db().await;
    client
        .batch_execute(
            "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id)
             SELECT now() - n * interval '1 day', now(), gen_random_uuid(), 'click', 'u'
             FROM generate_series(0, 39) AS n;
             ANALYZE events",
        )
        .await
        .unwrap();
    let newest = statements::LIVE_NEWEST_EVENTS.0;
    client
        .batch_execute(&format!(
            "PREPARE newest (timestamptz, timestamptz, bigint) AS {newest}"
        ))
        .await
        .unwrap();
    for _ in 0..8 {
        let explain = "EXPLAIN EXECUTE newest (now() - interval '1 hour', now(), 200)";
        let plan = client.simple_query(explain).await.unwrap();
        let chunks = plan
            .iter()
            .filter(|line| format!("{line:?}").contains(" on _hyper_"))
            .count();
        assert!((1..=2).contains(&chunks), "{plan:?}");
    }
}
