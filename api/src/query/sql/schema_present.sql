-- schema_present
SELECT to_regclass('rollup_generation') IS NOT NULL,
       coalesce(bool_and(has_table_privilege(to_regclass(name), 'SELECT')), false)
  FROM unnest(ARRAY['events', 'rollup_1m', 'commits', 'ledger', 'rollup_generation']) AS name
