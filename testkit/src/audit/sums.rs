//! Numbers over all events.

use std::collections::BTreeMap;

use ingestion::source::synthetic::Truth;
use serde_json::Value;
use tokio_postgres::Row;

use super::{
    ESTIMATE_TOLERANCE, Witnesses,
    line::{Line, text},
};

const RAW: &str = "SELECT count(*), coalesce(sum(value_micros), 0)::text, count(value_micros),
       coalesce(sum(duration_ms), 0)::bigint, count(duration_ms),
       count(DISTINCT user_id), count(DISTINCT session_id)
  FROM events";
const ROLLUPS: &str =
    "SELECT coalesce(sum(events), 0)::bigint, coalesce(sum(value_micros), 0)::text,
       coalesce(sum(\"values\"), 0)::bigint, coalesce(sum(duration_ms), 0)::bigint
  FROM rollup_1m WHERE dimension = 0";

pub(super) async fn totals(witnesses: &Witnesses, truth: &Truth) -> anyhow::Result<Vec<Line>> {
    let raw = witnesses.db.query_one(RAW, &[]).await?;
    let folded = witnesses.db.query_one(ROLLUPS, &[]).await?;
    let summary = format!("/metrics/summary?{}", witnesses.range.query);
    let rest = witnesses.rest(&summary).await?;
    let audit = witnesses.rest("/audit").await?;
    let account = |name: &str| text(&audit["total"][name]);
    let mut lines = vec![
        Line::new(
            "accepted",
            [text(truth.events), None, None, account("accepted")],
        ),
        Line::new(
            "stored",
            [
                text(truth.unique),
                count(&raw, 0),
                count(&folded, 0),
                text(&rest["events"]),
            ],
        ),
        Line::new(
            "  by the ledger",
            [text(truth.unique), None, None, account("stored")],
        ),
        Line::new(
            "duplicates",
            [text(truth.duplicates), None, None, account("duplicates")],
        ),
        Line::new("in flight", [text(0), None, None, account("in_flight")]),
    ];
    lines.extend(fields(truth, &raw, &folded, &rest)?);
    Ok(lines)
}

fn fields(truth: &Truth, raw: &Row, folded: &Row, rest: &Value) -> anyhow::Result<Vec<Line>> {
    let micros =
        |row: &Row| -> anyhow::Result<_> { Ok(text(decimal(row.get::<_, &str>(1).parse()?))) };
    let mean = truth.duration_ms as f64 / truth.durations.max(1) as f64;
    let mean_of_rest = rest["duration_avg_ms"].as_f64();
    Ok(vec![
        Line::new(
            "value",
            [
                text(decimal(truth.value_micros)),
                micros(raw)?,
                micros(folded)?,
                rest["value"].as_str().map(str::to_owned),
            ],
        ),
        Line::new(
            "events with a value",
            [text(truth.values), count(raw, 2), count(folded, 2), None],
        ),
        Line::new(
            "duration, ms",
            [
                text(truth.duration_ms),
                count(raw, 3),
                count(folded, 3),
                None,
            ],
        ),
        Line::new(
            "mean duration, ms",
            [
                text(format!("{mean:.3}")),
                None,
                None,
                mean_of_rest.map(|ms| format!("{ms:.3}")),
            ],
        )
        .within(1e-6),
        Line::new(
            "users",
            [text(truth.users), count(raw, 5), None, text(&rest["users"])],
        )
        .within(ESTIMATE_TOLERANCE),
        Line::new(
            "sessions",
            [
                text(truth.sessions),
                count(raw, 6),
                None,
                text(&rest["sessions"]),
            ],
        )
        .within(ESTIMATE_TOLERANCE),
    ])
}

pub(super) async fn dead_letters(
    witnesses: &Witnesses,
    truth: &Truth,
) -> anyhow::Result<Vec<Line>> {
    let sql = "SELECT reason, count(*) FROM dead_letters GROUP BY reason";
    let rows = witnesses.db.query(sql, &[]).await?;
    let stored: BTreeMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let audit = witnesses.rest("/audit").await?;
    let total: u64 = truth.dead_letters.values().sum();
    let total_stored: i64 = stored.values().sum();
    let total_of_rest = text(&audit["total"]["dead_lettered"]);
    let says = [text(total), text(total_stored), None, total_of_rest];
    let mut lines = vec![Line::new("dead-lettered", says)];
    let mut reasons: Vec<&str> = truth.dead_letters.keys().copied().collect();
    reasons.extend(stored.keys().map(String::as_str));
    reasons.sort_unstable();
    reasons.dedup();
    lines.extend(reasons.into_iter().map(|reason| {
        let sent = truth.dead_letters.get(reason).copied().unwrap_or_default();
        let stored = stored.get(reason).copied().unwrap_or_default();
        Line::new(
            format!("  {reason}"),
            [text(sent), text(stored), None, None],
        )
    }));
    Ok(lines)
}

fn count(row: &Row, at: usize) -> Option<String> {
    text(row.get::<_, i64>(at))
}

fn decimal(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
