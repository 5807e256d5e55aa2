-- recent_commits
-- The commits of the last $1 seconds: rows, sizes, and p50/p99 of each stage.
SELECT count(*),
       coalesce(sum(stored), 0)::bigint,
       coalesce(sum(bytes), 0)::bigint,
       avg(stored + duplicates + dead_lettered)::double precision,
       max(stored + duplicates + dead_lettered)::bigint,
       avg(write_ms)::double precision,
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY stream_ms::double precision),
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY decode_ms::double precision),
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY queue_ms::double precision),
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY write_ms::double precision),
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
           ORDER BY (stream_ms + decode_ms + queue_ms + write_ms)::double precision)
FROM commits
WHERE committed_at > clock_timestamp() - make_interval(secs => $1::double precision)
