-- live_minutes
-- All writers' rows of the minutes $1.
SELECT bucket, events, value_micros::text, duration_ms::text, users, sessions, NULL::bytea, NULL::bytea
FROM rollup_1m
WHERE dimension = 0 AND bucket = ANY ($1)
