-- usable_buckets
-- Coarse buckets between $1 and $2 that are built and hold no minute changed since; with $3
-- also whole days, whose quarters are then left out.
WITH stale AS MATERIALIZED (
    SELECT DISTINCT to_timestamp(floor(extract(epoch FROM bucket) / 900) * 900) AS quarter,
           to_timestamp(floor(extract(epoch FROM bucket) / 86400) * 86400) AS day
    FROM rollup_dirty
    WHERE bucket >= $1::timestamptz - interval '1 day' AND bucket < $2::timestamptz + interval '1 day'
), days AS MATERIALIZED (
    SELECT bucket FROM rollup_built
    WHERE tier = 86400 AND $3::boolean
      AND bucket >= $1 AND bucket + interval '24 hours' <= $2
      AND bucket NOT IN (SELECT day FROM stale)
)
SELECT 86400 AS tier, bucket FROM days
UNION ALL
SELECT 900, bucket FROM rollup_built
WHERE tier = 900
  AND bucket >= $1 AND bucket + interval '15 minutes' <= $2
  AND bucket NOT IN (SELECT quarter FROM stale)
  AND date_bin('24 hours', bucket, timestamptz '1970-01-01 00:00:00+00') NOT IN (SELECT bucket FROM days)
