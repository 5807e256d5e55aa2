-- accepted_events
-- Events of the minutes $1 that were accepted between $2 and $3, newest first, at most $4.
SELECT e.event_id, e.event_type, e.occurred_at, e.accepted_at, e.user_id, e.session_id, e.page,
       e.referrer, e.country, e.device, e.browser, e.os, e.value_micros, e.duration_ms
FROM unnest($1::timestamptz[]) AS minute
JOIN events e ON e.occurred_at >= minute AND e.occurred_at < minute + interval '1 minute'
WHERE e.accepted_at >= $2 AND e.accepted_at <= $3
ORDER BY e.occurred_at DESC
LIMIT $4
