-- audit_sums
-- What must be equal within one snapshot: the ledger and each tier's rollups of all events.
SELECT (SELECT coalesce(sum(stored), 0)::bigint FROM ledger),
       (SELECT coalesce(sum(dead_lettered), 0)::bigint FROM ledger),
       (SELECT count(*) FROM dead_letters),
       (SELECT coalesce(sum(events), 0)::bigint FROM rollup_1m WHERE dimension = 0)
