-- audit_minutes
SELECT coalesce(sum(events), 0)::bigint FROM rollup_1m WHERE dimension = $1
