-- usable_buckets
-- Coarse buckets between $1 and $2 that are built and hold no minute changed since, each unless
-- a coarser one that can be used stands for it; of quarters of an hour also those that hold $1 or
-- $2. The hours $3 and the days $4 can't: an edge of the answer lies inside. When it was built and by which transaction (xmin) tell one state of a
-- bucket from the next.
WITH stale AS MATERIALIZED (
    SELECT DISTINCT date_bin('15 minutes', bucket, timestamptz '1970-01-01 00:00:00+00') AS quarter
    FROM rollup_dirty
    WHERE bucket >= $1::timestamptz - interval '1 day' AND bucket < $2::timestamptz + interval '1 day'
), days AS MATERIALIZED (
    SELECT bucket, built_at, xmin::text::bigint AS version FROM rollup_built
    WHERE tier = 86400
      AND bucket >= $1 AND bucket + interval '24 hours' <= $2
      AND bucket NOT IN (SELECT unnest($4::timestamptz[]))
      AND bucket NOT IN (SELECT date_bin('24 hours', quarter, timestamptz '1970-01-01 00:00:00+00') FROM stale)
), hours AS MATERIALIZED (
    SELECT bucket, built_at, xmin::text::bigint AS version FROM rollup_built
    WHERE tier = 3600
      AND bucket >= $1 AND bucket + interval '1 hour' <= $2
      AND bucket NOT IN (SELECT unnest($3::timestamptz[]))
      AND bucket NOT IN (SELECT date_bin('1 hour', quarter, timestamptz '1970-01-01 00:00:00+00') FROM stale)
      AND date_bin('24 hours', bucket, timestamptz '1970-01-01 00:00:00+00') NOT IN (SELECT bucket FROM days)
)
SELECT 86400 AS tier, bucket, built_at, version FROM days
UNION ALL
SELECT 3600, bucket, built_at, version FROM hours
UNION ALL
SELECT 900, bucket, built_at, xmin::text::bigint FROM rollup_built
WHERE tier = 900
  AND bucket > $1::timestamptz - interval '15 minutes' AND bucket < $2
  AND bucket NOT IN (SELECT quarter FROM stale)
  AND date_bin('1 hour', bucket, timestamptz '1970-01-01 00:00:00+00') NOT IN (SELECT bucket FROM hours)
  AND date_bin('24 hours', bucket, timestamptz '1970-01-01 00:00:00+00') NOT IN (SELECT bucket FROM days)
