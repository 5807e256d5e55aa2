-- audit_tier
-- The usable buckets of the tier of $1 seconds from $3 on against their minutes, in the
-- dimension $2, as far back as retention has left both.
WITH kept AS (
    SELECT greatest(max(older_than), $3::timestamptz) AS since
    FROM dropped WHERE relation LIKE 'rollup\_%'
), usable AS MATERIALIZED (
    SELECT b.bucket FROM rollup_built b, kept
    WHERE b.tier = $1::integer AND b.bucket >= kept.since AND NOT EXISTS (
        SELECT 1 FROM rollup_dirty d
        WHERE d.bucket >= b.bucket AND d.bucket < b.bucket + make_interval(secs => $1))
)
SELECT (SELECT count(*) FROM usable),
       (SELECT coalesce(sum(r.events), 0)::bigint
        FROM (SELECT bucket, events FROM rollup_15m
              WHERE $1 = 900 AND dimension = $2::smallint AND bucket >= $3
              UNION ALL
              SELECT bucket, events FROM rollup_1h
              WHERE $1 = 3600 AND dimension = $2 AND bucket >= $3
              UNION ALL
              SELECT bucket, events FROM rollup_1d
              WHERE $1 = 86400 AND dimension = $2 AND bucket >= $3) r
        WHERE r.bucket IN (SELECT bucket FROM usable)),
       (SELECT coalesce(sum(m.events), 0)::bigint FROM rollup_1m m
        WHERE m.dimension = $2 AND m.bucket >= $3
          AND date_bin(make_interval(secs => $1), m.bucket, timestamptz '1970-01-01 00:00:00+00')
              IN (SELECT bucket FROM usable))
