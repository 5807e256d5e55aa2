-- live_window
-- All writers' rows from $1 on.
SELECT bucket, events, value_micros::text, duration_ms::text, users, sessions, NULL::bytea, NULL::bytea
FROM rollup_1m
WHERE dimension = 0 AND bucket >= $1
