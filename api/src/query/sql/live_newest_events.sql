-- live_newest_events
-- The newest $2 events that occurred up to $1.
SELECT event_id, event_type, occurred_at, accepted_at, user_id, session_id, page, referrer,
       country, device, browser, os, value_micros, duration_ms, properties::text
FROM events
WHERE occurred_at <= $1
ORDER BY occurred_at DESC
LIMIT $2
