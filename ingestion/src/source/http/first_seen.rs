//! When an event id without a time was first accepted, so that a retry gets the same time.

use common::{time::UnixMicros, wire::StreamKeys};
use deadpool_redis::Pool;
use redis::{RedisError, RedisResult};
use uuid::Uuid;

/// How long a retry is recognised, in seconds.
const REMEMBERED: u64 = 600;

/// Asks Redis; cheap to clone.
#[derive(Clone)]
pub struct FirstSeen {
    pool: Pool,
    prefix: String,
}

impl std::fmt::Debug for FirstSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstSeen")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl FirstSeen {
    #[must_use]
    pub fn new(pool: Pool, keys: &StreamKeys) -> Self {
        Self {
            pool,
            prefix: keys.first_seen.clone(),
        }
    }

    /// Remembers each id with the time given, unless it is remembered already; the time that
    /// holds, for each id.
    ///
    /// # Errors
    /// Redis isn't there or takes no writes.
    pub async fn times(
        &self,
        events: &[(Uuid, UnixMicros)],
    ) -> RedisResult<Vec<(Uuid, UnixMicros)>> {
        let mut pipe = redis::pipe();
        for (id, at) in events {
            let key = format!("{}{}", self.prefix, id.as_simple());
            pipe.cmd("SET")
                .arg(key)
                .arg(at.0)
                .arg("NX")
                .arg("GET")
                .arg("EX")
                .arg(REMEMBERED);
        }
        let mut connection = self.pool.get().await.map_err(|error| match error {
            deadpool_redis::PoolError::Backend(error) => error,
            other => RedisError::from((redis::ErrorKind::Io, "no connection", other.to_string())),
        })?;
        let before: Vec<Option<i64>> = pipe.query_async(&mut connection).await?;
        let times = events.iter().zip(before);
        Ok(times
            .map(|((id, at), before)| (*id, before.map_or(*at, UnixMicros)))
            .collect())
    }
}
