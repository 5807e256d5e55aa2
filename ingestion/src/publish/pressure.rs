//! How full the stream and Redis are, and how the sources must react: pure rules.

use serde::Serialize;
use tokio::time::Instant;

use super::backlog::Total;

/// What stops the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// More events in the stream than `BACKLOG_MAX_EVENTS`.
    Backlog,
    /// Redis uses more memory than allowed.
    Memory,
    /// Redis isn't there.
    Redis,
    /// Redis would evict keys when it is full, and with them events.
    EvictionPolicy,
    /// Redis can't write its disk and takes no writes.
    Disk,
    /// The stream's ids, which are the moments of acceptance, are ahead of Redis's clock.
    StreamIds,
}

impl Limit {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::EvictionPolicy => "eviction_policy",
            Self::Disk => "disk",
            Self::StreamIds => "stream_ids",
        }
    }
}

/// The state of the stream, as last seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pressure {
    pub limit: Option<Limit>,
    /// Events in the stream that were not yet trimmed (an estimate).
    pub backlog_events: u64,
    /// Events that may be sent until the next look.
    pub room_events: u64,
    pub redis_used_bytes: u64,
    /// From where on the sources are stopped.
    pub redis_limit_bytes: u64,
    /// Events per second that left the stream.
    pub drained_per_second: f64,
    /// When a refused client may try again.
    pub retry_after_seconds: u64,
}

impl Default for Pressure {
    /// Before Redis was reached.
    fn default() -> Self {
        Self {
            limit: Some(Limit::Redis),
            backlog_events: 0,
            room_events: 0,
            redis_used_bytes: 0,
            redis_limit_bytes: 0,
            drained_per_second: 0.0,
            retry_after_seconds: 1,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub backlog_max_events: u64,
    /// Of `maxmemory`.
    pub memory_max_percent: u64,
    /// Where Redis has no `maxmemory`.
    pub memory_max_bytes: u64,
    /// Milliseconds that the stream's last id may be ahead of Redis's clock.
    pub ahead_max_ms: u64,
}

const MAX_RETRY_AFTER: f64 = 60.0;
/// The weight of the last second in the drain rate.
const SMOOTHING: f64 = 0.5;

/// What was read from Redis.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Entries in the stream.
    pub(super) waiting: u64,
    pub(super) total: Total,
    /// Whether nothing of other programs is missing in the total.
    pub(super) is_whole: bool,
    pub(super) used_bytes: u64,
    pub(super) max_bytes: u64,
    pub(super) policy: String,
    /// What Redis says where its disk lets it take no writes.
    pub(super) disk_failure: Option<String>,
    /// Milliseconds from Redis's clock to the stream's last id.
    pub(super) ahead_ms: u64,
}

impl Limits {
    pub(super) fn judge(&self, seen: &Seen, backlog_events: u64) -> Pressure {
        let redis_limit_bytes = match seen.max_bytes {
            0 => self.memory_max_bytes,
            max => (u128::from(max) * u128::from(self.memory_max_percent) / 100) as u64,
        };
        let limit = if seen.policy != "noeviction" {
            Some(Limit::EvictionPolicy)
        } else if seen.disk_failure.is_some() {
            Some(Limit::Disk)
        } else if seen.ahead_ms > self.ahead_max_ms {
            Some(Limit::StreamIds)
        } else if seen.used_bytes >= redis_limit_bytes {
            Some(Limit::Memory)
        } else if backlog_events >= self.backlog_max_events {
            Some(Limit::Backlog)
        } else {
            None
        };
        Pressure {
            limit,
            backlog_events,
            room_events: self.backlog_max_events.saturating_sub(backlog_events),
            redis_used_bytes: seen.used_bytes,
            redis_limit_bytes,
            ..Pressure::default()
        }
    }

    /// How long the drain needs until there is room for a tenth of the limit again.
    pub(super) fn retry_after(&self, pressure: &Pressure) -> u64 {
        let room = self.backlog_max_events as f64 * 0.9;
        let excess = match pressure.limit {
            Some(Limit::Backlog) => pressure.backlog_events as f64 - room,
            Some(Limit::Memory) => pressure.backlog_events as f64 * 0.1,
            // Somebody has to come first.
            Some(Limit::StreamIds) => return MAX_RETRY_AFTER as u64,
            _ => return 1,
        };
        if pressure.drained_per_second < 1.0 {
            return MAX_RETRY_AFTER as u64;
        }
        (excess / pressure.drained_per_second)
            .ceil()
            .clamp(1.0, MAX_RETRY_AFTER) as u64
    }
}

/// Events that left the stream: those that came less those by which it grew.
#[derive(Debug, Default)]
pub(super) struct Drain {
    last: Option<(Instant, u64, u64)>,
    pub(super) rate: f64,
}

impl Drain {
    pub(super) fn observe(&mut self, seen: &Seen, backlog: u64, now: Instant) {
        // What others sent is missing in between, and comes all at once.
        if !seen.is_whole {
            return;
        }
        let given = seen.total.events;
        if let Some((then, given_then, backlog_then)) = self.last {
            let came = given.saturating_sub(given_then) as f64;
            let grew = backlog as f64 - backlog_then as f64;
            let seconds = (now - then).as_secs_f64().max(1e-3);
            let rate = ((came - grew) / seconds).max(0.0);
            self.rate += SMOOTHING * (rate - self.rate);
        }
        self.last = Some((now, given, backlog));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::backlog::Known, *};

    const LIMITS: Limits = Limits {
        backlog_max_events: 1_000,
        memory_max_percent: 85,
        memory_max_bytes: 1 << 30,
        ahead_max_ms: 600_000,
    };

    fn seen(used_bytes: u64) -> Seen {
        Seen {
            waiting: 0,
            total: Total::default(),
            is_whole: true,
            used_bytes,
            max_bytes: 1_000,
            policy: "noeviction".into(),
            disk_failure: None,
            ahead_ms: 600_000,
        }
    }

    fn total(entries: u64, events: u64) -> Total {
        Total { entries, events }
    }

    fn seen_with(accepted: Total, others: u64) -> Seen {
        let known = Known { others, gone: 0 };
        Seen {
            total: Total::of(accepted, 0, known),
            ..seen(0)
        }
    }

    #[test]
    fn limits_are_judged_in_order_of_danger() {
        let limit = |seen: &Seen, backlog| LIMITS.judge(seen, backlog).limit;
        assert_eq!(limit(&seen(849), 999), None);
        assert_eq!(limit(&seen(849), 1_000), Some(Limit::Backlog));
        assert_eq!(limit(&seen(850), 1_000), Some(Limit::Memory));
        let ahead = Seen {
            ahead_ms: 600_001,
            ..seen(850)
        };
        assert_eq!(limit(&ahead, 1_000), Some(Limit::StreamIds));
        let failed = Seen {
            disk_failure: Some("MISCONF".into()),
            ..ahead
        };
        assert_eq!(limit(&failed, 1_000), Some(Limit::Disk));
        let evicts = Seen {
            policy: "allkeys-lru".into(),
            ..failed
        };
        assert_eq!(limit(&evicts, 1_000), Some(Limit::EvictionPolicy));
        let unbounded = Seen {
            max_bytes: 0,
            ..seen(1 << 30)
        };
        assert_eq!(limit(&unbounded, 0), Some(Limit::Memory));
        let used_bytes = 9;
        let unbounded = Seen {
            used_bytes,
            ..unbounded
        };
        assert_eq!(limit(&unbounded, 0), None);
    }

    #[test]
    fn the_wait_follows_the_drain() {
        let pressure = |drained_per_second, backlog_events| Pressure {
            limit: Some(Limit::Backlog),
            backlog_events,
            drained_per_second,
            ..Pressure::default()
        };
        assert_eq!(LIMITS.retry_after(&pressure(100.0, 1_100)), 2);
        assert_eq!(LIMITS.retry_after(&pressure(1e6, 1_100)), 1);
        assert_eq!(LIMITS.retry_after(&pressure(0.0, 1_100)), 60);
        assert_eq!(LIMITS.retry_after(&pressure(2.0, 1_100_000)), 60);
    }

    #[test]
    fn the_drain_is_what_came_less_what_stayed() {
        let mut drain = Drain::default();
        let start = Instant::now();
        for second in 0..60 {
            // Of ours 20 a second with 400 events; of others 100.
            let seen = seen_with(total(20 * second, 400 * second), 100 * second);
            let backlog = 1_000 + 100 * second;
            drain.observe(&seen, backlog, start + Duration::from_secs(second));
        }
        assert!((drain.rate - 400.0).abs() < 1.0, "{}", drain.rate);
    }

    #[test]
    fn what_only_others_send_is_drained_too() {
        let mut drain = Drain::default();
        let start = Instant::now();
        for look in 0..400 {
            // Others are counted at every tenth look.
            let counted = look / 10 * 10;
            let seen = Seen {
                is_whole: look == counted,
                ..seen_with(total(0, 0), counted * 1_000)
            };
            let now = start + Duration::from_millis(100 * look);
            drain.observe(&seen, 500, now);
        }
        assert!((drain.rate - 10_000.0).abs() < 1.0, "{}", drain.rate);
    }
}
