//! Raw events as tests write them, without rollups.

use std::time::{Duration, SystemTime};

use common::time::UnixMicros;
use tokio_postgres::Client;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: UnixMicros,
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) user: String,
    pub(crate) session: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) value_micros: Option<i64>,
    pub(crate) properties: Option<String>,
}

impl Event {
    pub(crate) fn new(at: UnixMicros, kind: &str, user: &str) -> Self {
        Self {
            at,
            id: Uuid::new_v4(),
            kind: kind.into(),
            user: user.into(),
            session: None,
            page: None,
            country: None,
            value_micros: None,
            properties: None,
        }
    }

    pub(crate) fn in_session(self, session: &str, page: &str) -> Self {
        Self {
            session: Some(session.into()),
            page: Some(page.into()),
            ..self
        }
    }
}

/// Accepted a second after they occurred.
pub(crate) async fn insert(db: &Client, events: &[Event]) {
    let insert = db
        .prepare(
            "INSERT INTO events (occurred_at, accepted_at, event_id, event_type, user_id, session_id, page, country, \
             value_micros, properties) \
             VALUES ($1, $1::timestamptz + interval '1 second', $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)",
        )
        .await
        .unwrap();
    db.batch_execute("BEGIN").await.unwrap();
    for event in events {
        let at = Duration::from_micros(u64::try_from(event.at.0).unwrap());
        let at = SystemTime::UNIX_EPOCH + at;
        db.execute(
            &insert,
            &[
                &at,
                &event.id,
                &event.kind,
                &event.user,
                &event.session,
                &event.page,
                &event.country,
                &event.value_micros,
                &event.properties,
            ],
        )
        .await
        .unwrap();
    }
    db.batch_execute("COMMIT").await.unwrap();
}

/// For a query string.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| {
            if plain(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

pub(crate) fn at(text: &str) -> UnixMicros {
    UnixMicros::parse_rfc3339(text).unwrap()
}

pub(crate) fn plus(start: UnixMicros, seconds: i64) -> UnixMicros {
    UnixMicros(start.0 + seconds * 1_000_000)
}
