-- ledger_totals
SELECT coalesce(sum(stored), 0)::bigint,
       coalesce(sum(duplicates), 0)::bigint,
       coalesce(sum(dead_lettered), 0)::bigint
FROM ledger
