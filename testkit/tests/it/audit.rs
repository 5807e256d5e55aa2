//! The audit itself: it notices whatever is changed behind the pipeline's back.

use std::time::Duration;

use testkit::audit::{self, Run};
use tokio::time::sleep;

use crate::harness::Pipeline;

async fn wrong_lines(pipeline: &Pipeline, run: &Run) -> Vec<String> {
    let truth = run.truth(run.sent);
    let lines = audit::compare(&pipeline.services, pipeline.api.port, &truth).await;
    let wrong = lines.unwrap().into_iter().filter(|line| !line.agrees());
    wrong.map(|line| line.what).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_notices_every_kind_of_error() {
    let mut pipeline = Pipeline::start(&["a"]).await;
    pipeline.generate_faulty(31, 2_000.0).await;
    sleep(Duration::from_secs(1)).await;
    let run = pipeline.generated().await;
    pipeline.prove(&run, run.sent).await;
    // Else compaction could mend what is broken here.
    pipeline.consumers.clear();
    let less = Run {
        sent: run.sent - 1,
        ..run.clone()
    };
    assert!(!wrong_lines(&pipeline, &less).await.is_empty());
    let one = "ctid = (SELECT min(ctid) FROM";
    // Each with a line that was right until then.
    let tampering = [
        (
            format!("DELETE FROM dead_letters WHERE {one} dead_letters)"),
            "dead-lettered",
        ),
        (
            format!("UPDATE ledger SET duplicates = duplicates + 1 WHERE {one} ledger)"),
            "duplicates",
        ),
        (
            "UPDATE rollup_1m SET events = events + 1
              WHERE (bucket, value, writer_id, dimension) IN (
                    SELECT bucket, value, writer_id, dimension
                      FROM rollup_1m WHERE dimension = 2 LIMIT 1)"
                .to_owned(),
            "minutes × dimensions with the same sum",
        ),
        (
            "DELETE FROM events WHERE (occurred_at, event_id) IN
                    (SELECT occurred_at, event_id FROM events LIMIT 1)"
                .to_owned(),
            "stored",
        ),
    ];
    let db = pipeline.services.db().await;
    for (sql, line) in tampering {
        let has_line = |wrong: Vec<String>| wrong.iter().any(|what| what == line);
        assert!(!has_line(wrong_lines(&pipeline, &run).await), "{line}");
        assert_eq!(db.execute(&sql, &[]).await.unwrap(), 1, "{sql}");
        assert!(has_line(wrong_lines(&pipeline, &run).await), "{sql}");
    }
}
