//! The state of the stream, read from Redis at one instant.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use common::{
    time::UnixMicros,
    wire::{EntryId, Source, StreamKeys},
};
use deadpool_redis::Pool;
use redis::{InfoDict, Script};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use tokio::time::timeout;
use utoipa::ToSchema;

static SNAPSHOT: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("sql/stream_snapshot.lua")));

/// How long Redis may take; the next look is near.
const WAIT: Duration = Duration::from_millis(1_500);

#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("Redis did not answer in time")]
    Timeout,
    #[error("can't connect to Redis")]
    Pool(#[from] deadpool_redis::PoolError),
    #[error("Redis refused: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("Redis's answer can't be read")]
    Unreadable(#[from] serde_json::Error),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsumerState {
    pub name: String,
    pub pending: u64,
    pub idle_ms: i64,
}

/// One moment of the stream. What isn't there yet is absent or zero.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamState {
    #[serde(rename = "now_us", deserialize_with = "digits")]
    pub now: UnixMicros,
    #[serde(default)]
    pub length: u64,
    #[serde(default)]
    pub entries_added: u64,
    #[serde(default)]
    pub pending: u64,
    #[serde(default, deserialize_with = "entry_id")]
    pub first_pending: Option<EntryId>,
    #[serde(default, deserialize_with = "entry_id")]
    pub first_unread: Option<EntryId>,
    #[serde(default)]
    pub consumers: Vec<ConsumerState>,
    #[serde(default)]
    ledger: BTreeMap<String, String>,
    /// Ingestion's last report, JSON as it was sent.
    pub generator: Option<String>,
}

fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixMicros, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(UnixMicros).map_err(D::Error::custom)
}

fn entry_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<EntryId>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom))
        .transpose()
}

impl StreamState {
    /// The lowest entry that is undelivered or pending.
    #[must_use]
    pub fn oldest_open(&self) -> Option<EntryId> {
        self.first_pending
            .into_iter()
            .chain(self.first_unread)
            .min()
    }

    /// Every event accepted before this is in the database: acknowledgement follows commit.
    #[must_use]
    pub fn watermark(&self) -> UnixMicros {
        let now = UnixMicros::from_millis(self.now.as_millis());
        self.oldest_open()
            .map_or(now, |entry| entry.accepted_at().min(now))
    }

    /// How long the oldest open entry has been waiting.
    #[must_use]
    pub fn backlog_seconds(&self) -> f64 {
        (self.now.0 - self.watermark().0).max(0) as f64 / 1e6
            * f64::from(u8::from(self.oldest_open().is_some()))
    }

    #[must_use]
    pub fn epoch(&self) -> Option<&str> {
        self.ledger.get("epoch").map(String::as_str)
    }

    /// Events that were accepted from a source of ours.
    #[must_use]
    pub fn accepted(&self, source: Source) -> u64 {
        self.counter("accepted", source)
    }

    /// Entries that a source has appended since the accounts of this epoch began.
    #[must_use]
    pub fn entries(&self, source: Source) -> u64 {
        match source {
            Source::External => {
                let ours =
                    [Source::Collector, Source::Generator].map(|source| self.entries(source));
                self.appended().saturating_sub(ours.iter().sum())
            }
            _ => self.counter("entries", source),
        }
    }

    /// Entries of all sources, without those that were gone when the accounts began.
    #[must_use]
    pub fn appended(&self) -> u64 {
        let gone = self.ledger.get("gone").and_then(|count| count.parse().ok());
        self.entries_added.saturating_sub(gone.unwrap_or_default())
    }

    /// Entries that have vanished unread, at least so many: what isn't handled must be in the
    /// stream, or pending. `handled` may be younger than this state.
    #[must_use]
    pub fn missing(&self, handled: u64) -> u64 {
        let open = self.appended().saturating_sub(handled);
        open.saturating_sub(self.length + self.pending)
    }

    fn counter(&self, name: &str, source: Source) -> u64 {
        let field = self.ledger.get(&format!("{name}:{source}"));
        field
            .and_then(|count| count.parse().ok())
            .unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedisMemory {
    pub used_memory: u64,
    pub maxmemory: u64,
    pub policy: String,
}

/// Where the stream's state is read; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stream {
    pool: Pool,
    keys: StreamKeys,
    group: String,
}

impl Stream {
    #[must_use]
    pub const fn new(pool: Pool, keys: StreamKeys, group: String) -> Self {
        Self { pool, keys, group }
    }

    /// Connections that are lent, of how many.
    #[must_use]
    pub fn lent(&self) -> (usize, usize) {
        let status = self.pool.status();
        let lent = status.size.saturating_sub(status.available);
        (lent, status.max_size)
    }

    #[must_use]
    pub fn key(&self) -> &str {
        &self.keys.stream
    }

    /// # Errors
    /// Redis isn't there, or doesn't answer within 1.5 s.
    pub async fn state(&self) -> Result<StreamState, StreamError> {
        let work = async {
            let mut connection = self.pool.get().await?;
            let mut call = SNAPSHOT.key(&self.keys.stream);
            call.key(&self.keys.ledger)
                .key(&self.keys.generator)
                .arg(&self.group);
            let json: Vec<u8> = call.invoke_async(&mut *connection).await?;
            Ok(serde_json::from_slice(&json)?)
        };
        timeout(WAIT, work)
            .await
            .unwrap_or(Err(StreamError::Timeout))
    }

    /// # Errors
    /// As [`Self::state`].
    pub async fn memory(&self) -> Result<RedisMemory, StreamError> {
        let work = async {
            let mut connection = self.pool.get().await?;
            let info: InfoDict = redis::cmd("INFO")
                .arg("memory")
                .query_async(&mut *connection)
                .await?;
            Ok(RedisMemory {
                used_memory: info.get("used_memory").unwrap_or_default(),
                maxmemory: info.get("maxmemory").unwrap_or_default(),
                policy: info.get("maxmemory_policy").unwrap_or_default(),
            })
        };
        timeout(WAIT, work)
            .await
            .unwrap_or(Err(StreamError::Timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: &str) -> StreamState {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_watermark_is_the_oldest_open_entry_or_now() {
        let quiet = state(r#"{"now_us":"1763634907123456"}"#);
        assert_eq!(quiet.watermark(), UnixMicros(1_763_634_907_123_000));
        assert!(quiet.backlog_seconds() == 0.0);
        let busy = state(
            r#"{"now_us":"1763634907123456","first_unread":"1763634907100-0","first_pending":"1763634906000-7"}"#,
        );
        assert_eq!(busy.watermark(), UnixMicros(1_763_634_906_000_000));
        assert!((busy.backlog_seconds() - 1.123_456).abs() < 1e-9);
    }

    #[test]
    fn entries_that_are_not_ours_are_external() {
        let state = state(
            r#"{"now_us":"1","entries_added":10,"ledger":{"epoch":"e","entries:generator":"6","accepted:generator":"600"}}"#,
        );
        assert_eq!(state.entries(Source::External), 4);
        let state = self::state(
            r#"{"now_us":"1","entries_added":10,"ledger":{"epoch":"e","entries:generator":"6","accepted:generator":"600","gone":"3"}}"#,
        );
        assert_eq!(state.entries(Source::External), 1);
        assert_eq!(state.accepted(Source::Generator), 600);
        assert_eq!(state.epoch(), Some("e"));
    }

    #[test]
    fn what_is_neither_handled_nor_there_is_lost() {
        let state = state(r#"{"now_us":"1","entries_added":10,"length":3,"pending":2}"#);
        assert_eq!(
            [9, 5, 4, 2].map(|handled| state.missing(handled)),
            [0, 0, 1, 3]
        );
    }
}
