-- live_newest_events
-- The newest $3 events that occurred from $1 up to $2. Both are moments and no expressions: then the
-- plan leaves out chunks.
SELECT event_id, event_type, occurred_at, accepted_at, user_id, session_id, page, referrer,
       country, device, browser, os, value_micros, duration_ms, properties::text
FROM events
WHERE occurred_at >= $1 AND occurred_at <= $2
ORDER BY occurred_at DESC
LIMIT $3
