-- live_cells
-- All writers' rows of the cells given by $1 dimensions, $2 buckets and $3 values, between $4 and
-- $5; with users, sessions, durations, visits where $6 to $9 say so.
SELECT bucket, events, value_micros::text, duration_ms::text,
       CASE WHEN $6 THEN users END, CASE WHEN $7 THEN sessions END, CASE WHEN $8 THEN durations END,
       CASE WHEN $9 THEN visits END, dimension, value
FROM unnest($1::smallint[], $2::timestamptz[], $3::text[]) AS wanted (dimension, bucket, value)
JOIN rollup_1m USING (dimension, bucket, value)
WHERE bucket >= $4 AND bucket < $5
