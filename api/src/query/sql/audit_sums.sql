-- audit_sums
-- What must be equal within one snapshot: the ledger, and what it says was written. Rows that
-- retention dropped count as still there. Last: what the minutes lie between, for their sum.
SELECT (SELECT coalesce(sum(stored), 0)::bigint FROM ledger),
       (SELECT coalesce(sum(dead_lettered), 0)::bigint FROM ledger),
       (SELECT count(*) FROM dead_letters)
           + (SELECT coalesce(sum(rows), 0)::bigint FROM dropped WHERE relation = 'dead_letters'),
       (SELECT coalesce(sum(rows), 0)::bigint FROM dropped WHERE relation = 'rollup_1m'),
       (SELECT min(bucket) FROM rollup_1m WHERE dimension = $1::smallint),
       (SELECT max(bucket) FROM rollup_1m WHERE dimension = $1)
