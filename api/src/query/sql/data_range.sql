-- data_range
-- The first and the last minute that has events. Two probes of the primary key for each chunk.
SELECT (SELECT min(bucket) FROM rollup_1m WHERE dimension = 0),
       (SELECT max(bucket) FROM rollup_1m WHERE dimension = 0)
