-- table_sizes
-- Bytes with indexes, and about how many rows: live ones by the statistics that every commit
-- renews, or what ANALYZE last saw where that is more (compressed chunks, statistics lost).
WITH tables AS (
    SELECT name, name::regclass AS table_id, place
    FROM unnest(ARRAY['events', 'rollup_1m', 'rollup_15m', 'rollup_1h', 'rollup_1d',
                      'dead_letters', 'commits'])
         WITH ORDINALITY AS tables (name, place)
), parts AS (
    SELECT name, table_id AS part FROM tables
    UNION ALL
    SELECT name, inhrelid FROM tables JOIN pg_inherits ON inhparent = table_id
), live AS (
    SELECT name, sum(pg_stat_get_live_tuples(part)) AS rows FROM parts GROUP BY name
)
SELECT name,
       coalesce(CASE WHEN name IN ('events', 'rollup_1m', 'rollup_15m', 'rollup_1h', 'rollup_1d')
                     THEN hypertable_size(table_id)
                     ELSE pg_total_relation_size(table_id) END, 0)::bigint,
       greatest(live.rows, approximate_row_count(table_id), 0)::bigint
FROM tables JOIN live USING (name)
ORDER BY place
