//! Rows, rollups and accounts as the consumer writes them.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use common::{
    rollup::{Dimension, Identity, Rollup, Sample, Session, Tier},
    time::UnixMicros,
};
use tokio_postgres::{Client, Transaction};

/// What a test says of an event; the rest is absent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: UnixMicros,
    pub(crate) user: u32,
    pub(crate) session: Option<u32>,
    pub(crate) page: Option<&'static str>,
    pub(crate) country: Option<&'static str>,
    pub(crate) value_micros: Option<i64>,
    pub(crate) duration_ms: Option<u32>,
}

impl Sent {
    pub(crate) fn at(at: UnixMicros, user: u32) -> Self {
        let none = (None, None, None, None, None);
        Self {
            at,
            user,
            session: none.0,
            page: none.1,
            country: none.2,
            value_micros: none.3,
            duration_ms: none.4,
        }
    }

    fn sample(&self) -> Sample {
        Sample {
            user: Identity::of(&format!("u{}", self.user)),
            session: self
                .session
                .map(|session| Session::of(&format!("s{session}"))),
            value_micros: self.value_micros,
            duration_ms: self.duration_ms,
        }
    }

    fn value(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::EventType => "click",
            Dimension::Page => self.page.unwrap_or_default(),
            Dimension::Country => self.country.unwrap_or_default(),
            _ => "",
        }
    }
}

fn system_time(at: UnixMicros) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(at.0).unwrap())
}

/// Writes raw rows, rollups of two writers, ledger and commits, in one transaction.
/// `seq` rises from call to call.
pub(crate) async fn write(db: &mut Client, events: &[Sent], seq: i64, all: &[Sent]) {
    let transaction = db.transaction().await.unwrap();
    for event in events {
        let (user, session) = (
            format!("u{}", event.user),
            event.session.map(|s| format!("s{s}")),
        );
        let duration = event.duration_ms.map(|ms| i32::try_from(ms).unwrap());
        transaction
            .execute(
                "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id, session_id, page, \
                 country, value_micros, duration_ms) \
                 VALUES ($1, now(), gen_random_uuid(), 'click', $2, $3, $4, $5, $6, $7)",
                &[&system_time(event.at), &user, &session, &event.page, &event.country, &event.value_micros, &duration],
            )
            .await
            .unwrap();
    }
    for writer in [1, 2] {
        let of_writer = |event: &&Sent| i64::from(event.user % 2) + 1 == writer;
        let minutes: Vec<_> = events
            .iter()
            .filter(of_writer)
            .map(|event| Tier::Minute.bucket(event.at))
            .collect();
        let touched: Vec<Sent> = all
            .iter()
            .filter(of_writer)
            .filter(|event| minutes.contains(&Tier::Minute.bucket(event.at)))
            .cloned()
            .collect();
        upsert(
            &transaction,
            "rollup_1m",
            writer,
            seq,
            &fold(&touched, Tier::Minute),
        )
        .await;
        let new: Vec<_> = events.iter().filter(of_writer).cloned().collect();
        account(&transaction, writer, seq, &new).await;
    }
    transaction.commit().await.unwrap();
}

type Folded = BTreeMap<(UnixMicros, Dimension, String), Rollup>;

fn fold(events: &[Sent], tier: Tier) -> Folded {
    let mut rollups = Folded::new();
    for event in events {
        for dimension in Dimension::ALL {
            let key = (
                tier.bucket(event.at),
                dimension,
                event.value(dimension).to_owned(),
            );
            let rollup = rollups.entry(key).or_insert_with(|| Rollup::of(dimension));
            rollup.add(&event.sample());
        }
    }
    rollups
}

async fn upsert(db: &Transaction<'_>, table: &str, writer: i64, seq: i64, rollups: &Folded) {
    let insert = format!(
        "INSERT INTO {table} (bucket, dimension, value, writer_id, seq, events, value_micros, \"values\", duration_ms, \
         users, sessions, durations, visits) \
         VALUES ($1, $2, $3, $4, $5, $6, $7::text::numeric, $8, $9::text::numeric, $10, $11, $12, $13) \
         ON CONFLICT (dimension, bucket, value, writer_id) DO UPDATE SET seq = excluded.seq, \
         events = excluded.events, value_micros = excluded.value_micros, \"values\" = excluded.\"values\", \
         duration_ms = excluded.duration_ms, users = excluded.users, sessions = excluded.sessions, \
         durations = excluded.durations, visits = excluded.visits"
    );
    let insert = db.prepare(&insert).await.unwrap();
    for ((bucket, dimension, value), rollup) in rollups {
        let (events, values) = (rollup.events as i64, rollup.values as i64);
        db.execute(
            &insert,
            &[
                &system_time(*bucket),
                &dimension.id(),
                value,
                &writer,
                &seq,
                &events,
                &rollup.value_micros.to_string(),
                &values,
                &rollup.duration_ms.to_string(),
                &rollup.users.encode(),
                &rollup.sessions.encode(),
                &rollup.durations.encode(),
                &rollup.visits.encode(),
            ],
        )
        .await
        .unwrap();
    }
}

async fn account(db: &Transaction<'_>, writer: i64, seq: i64, events: &[Sent]) {
    db.batch_execute(&format!(
        "INSERT INTO streams (key, epoch) VALUES (current_database(), 'epoch') ON CONFLICT DO NOTHING; \
         INSERT INTO writers (id, consumer) VALUES ({writer}, 'test') ON CONFLICT DO NOTHING;"
    ))
    .await
    .unwrap();
    let mut buckets: Vec<_> = events
        .iter()
        .map(|event| system_time(Tier::Minute.bucket(event.at)))
        .collect();
    buckets.dedup();
    let stored = i32::try_from(events.len()).unwrap();
    db.execute(
        "INSERT INTO commits (writer_id, seq, stream_id, entries, entry_count, stored, duplicates, dead_lettered, \
         bytes, buckets, accepted_first, accepted_last, stream_ms, decode_ms, queue_ms, write_ms) \
         SELECT $1, $2, id, '{}', 1, $3, 0, 0, 100, $4, now(), now(), 1, 2, 3, 4 FROM streams",
        &[&writer, &seq, &stored, &buckets],
    )
    .await
    .unwrap();
    db.execute(
        "INSERT INTO ledger (stream_id, writer_id, source, entries, stored, duplicates, dead_lettered) \
         SELECT id, $1, 'generator', 1, $2::integer, 0, 0 FROM streams \
         ON CONFLICT (stream_id, writer_id, source) DO UPDATE \
         SET entries = ledger.entries + 1, stored = ledger.stored + excluded.stored",
        &[&writer, &stored],
    )
    .await
    .unwrap();
}

/// Merges everything into a coarse tier and says so, as compaction does; the buckets that
/// `leave` names stay unbuilt.
pub(crate) async fn build(
    db: &mut Client,
    tier: Tier,
    events: &[Sent],
    leave: impl Fn(UnixMicros) -> bool,
) {
    let table = match tier {
        Tier::Minute => "rollup_1m",
        Tier::QuarterHour => "rollup_15m",
        Tier::Hour => "rollup_1h",
        Tier::Day => "rollup_1d",
    };
    let mut folded = fold(events, tier);
    folded.retain(|(bucket, _, _), _| !leave(*bucket));
    let transaction = db.transaction().await.unwrap();
    upsert(&transaction, table, 0, 1, &folded).await;
    let mut buckets: Vec<_> = folded.keys().map(|(bucket, _, _)| *bucket).collect();
    buckets.sort();
    buckets.dedup();
    for bucket in buckets {
        let tier = i32::try_from(tier.seconds()).unwrap();
        transaction
            .execute(
                "INSERT INTO rollup_built (tier, bucket) VALUES ($1, $2) \
                 ON CONFLICT (tier, bucket) DO UPDATE SET built_at = now()",
                &[&tier, &system_time(bucket)],
            )
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
}
