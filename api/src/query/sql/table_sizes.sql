-- table_sizes
-- Bytes with indexes, and the planner's guess at the rows.
SELECT name,
       coalesce(CASE WHEN name IN ('events', 'rollup_1m', 'rollup_15m', 'rollup_1d')
                     THEN hypertable_size(name::regclass)
                     ELSE pg_total_relation_size(name::regclass) END, 0)::bigint,
       coalesce(approximate_row_count(name::regclass), 0)::bigint
FROM unnest(ARRAY['events', 'rollup_1m', 'rollup_15m', 'rollup_1d', 'dead_letters', 'commits']) AS name
