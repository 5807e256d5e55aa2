-- live_accepted_events
-- Events of the minutes $1 that were accepted between $2 and $3, newest first, at most $4; none
-- where these minutes hold $5 events or more, which would all have to be looked at. All minutes lie
-- between $6 and $7: with the bounds alone the plan leaves out chunks.
SELECT e.event_id, e.event_type, e.occurred_at, e.accepted_at, e.user_id, e.session_id, e.page,
       e.referrer, e.country, e.device, e.browser, e.os, e.value_micros, e.duration_ms,
       e.properties::text
FROM unnest($1::timestamptz[]) AS minute
JOIN events e ON e.occurred_at >= minute AND e.occurred_at < minute + interval '1 minute'
WHERE e.accepted_at >= $2 AND e.accepted_at <= $3 AND e.occurred_at >= $6 AND e.occurred_at < $7
  AND (SELECT coalesce(sum(events), 0) < $5::bigint FROM rollup_1m
       WHERE dimension = 0 AND value = '' AND bucket >= $6 AND bucket < $7 AND bucket = ANY ($1))
ORDER BY e.occurred_at DESC
LIMIT $4
