//! When an event id without a time was first accepted, so that a retry gets the same time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use common::{time::UnixMicros, wire::StreamKeys};
use deadpool_redis::{Pool, PoolError};
use redis::{ErrorKind, RedisError, RedisResult};
use tokio::time::Instant;
use uuid::Uuid;

/// How long a retry is recognised.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Asks Redis; cheap to clone.
#[derive(Clone)]
pub struct FirstSeen {
    pool: Pool,
    prefix: String,
    room: Arc<Mutex<Room>>,
}

/// Why times can't be told.
#[derive(Debug)]
pub enum NotRemembered {
    /// Redis isn't there or takes no writes.
    Redis(RedisError),
    /// As many ids are remembered as may be, for so long yet.
    Full(Duration),
}

/// How many ids were remembered since `since`, and in as long a time before: never fewer than
/// Redis still remembers.
#[derive(Debug)]
struct Room {
    most: usize,
    since: Instant,
    recent: usize,
    before: usize,
}

impl Room {
    fn new(most: usize, now: Instant) -> Self {
        Self {
            most,
            since: now,
            recent: 0,
            before: 0,
        }
    }

    fn taken(&mut self, now: Instant) -> usize {
        let age = now - self.since;
        if age >= REMEMBERED {
            let is_over = age >= 2 * REMEMBERED;
            self.before = if is_over { 0 } else { self.recent };
            (self.since, self.recent) = (now, 0);
        }
        self.recent + self.before
    }

    fn take(&mut self, ids: usize, now: Instant) -> Result<(), NotRemembered> {
        if self.taken(now) + ids > self.most {
            return Err(NotRemembered::Full(REMEMBERED - (now - self.since)));
        }
        self.recent += ids;
        Ok(())
    }

    fn give_back(&mut self, ids: usize) {
        self.recent = self.recent.saturating_sub(ids);
    }
}

impl std::fmt::Debug for FirstSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstSeen")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl FirstSeen {
    /// Has Redis remember at most so many ids at once, each about 200 bytes.
    #[must_use]
    pub fn new(pool: Pool, keys: &StreamKeys, most: usize) -> Self {
        Self {
            pool,
            prefix: keys.first_seen.clone(),
            room: Arc::new(Mutex::new(Room::new(most, Instant::now()))),
        }
    }

    /// How many ids are remembered at most, and how many may be.
    #[must_use]
    pub fn remembered(&self) -> (usize, usize) {
        let mut room = self.room();
        (room.taken(Instant::now()), room.most)
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers each id with the time given, unless it is remembered already; the time that
    /// holds, for each id.
    ///
    /// # Errors
    /// [`NotRemembered`].
    pub async fn times(
        &self,
        events: &[(Uuid, UnixMicros)],
    ) -> Result<Vec<(Uuid, UnixMicros)>, NotRemembered> {
        self.room().take(events.len(), Instant::now())?;
        let before = self.remember(events).await;
        let before = before.map_err(NotRemembered::Redis)?;
        let known = before.iter().flatten().count();
        self.room().give_back(known);
        let times = events.iter().zip(before);
        Ok(times
            .map(|((id, at), before)| (*id, before.map_or(*at, UnixMicros)))
            .collect())
    }

    /// The time that each id had before, if any.
    async fn remember(&self, events: &[(Uuid, UnixMicros)]) -> RedisResult<Vec<Option<i64>>> {
        let mut pipe = redis::pipe();
        for (id, at) in events {
            let key = format!("{}{}", self.prefix, id.as_simple());
            pipe.cmd("SET")
                .arg(key)
                .arg(at.0)
                .arg("NX")
                .arg("GET")
                .arg("EX")
                .arg(REMEMBERED.as_secs());
        }
        let mut connection = self.pool.get().await.map_err(backend)?;
        pipe.query_async(&mut connection).await
    }
}

pub(super) fn backend(error: PoolError) -> RedisError {
    match error {
        PoolError::Backend(error) => error,
        other => (ErrorKind::Io, "no connection", other.to_string()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_for_as_long_as_redis_remembers_them() {
        let start = Instant::now();
        let mut room = Room::new(1_000, start);
        let at = |seconds| start + Duration::from_secs(seconds);
        room.take(990, at(0)).unwrap();
        room.give_back(10);
        room.take(20, at(599)).unwrap();
        assert!(
            matches!(room.take(1, at(599)), Err(NotRemembered::Full(wait)) if wait.as_secs() == 1)
        );
        // Those of second 599 are remembered until 1,199.
        assert!(matches!(room.take(1, at(700)), Err(NotRemembered::Full(_))));
        assert_eq!(room.taken(at(1_199)), 1_000);
        room.take(5, at(1_300)).unwrap();
        assert_eq!(room.taken(at(1_301)), 5);
        assert_eq!(room.taken(at(9_000)), 0);
    }
}
