-- schema_present
-- Whether it was migrated, which tables aren't there, and which this login may not read.
SELECT to_regclass('rollup_generation') IS NOT NULL,
       string_agg(name, ', ') FILTER (WHERE to_regclass(name) IS NULL),
       string_agg(name, ', ') FILTER (WHERE NOT has_table_privilege(to_regclass(name), 'SELECT'))
  FROM unnest(ARRAY['events', 'rollup_1m', 'commits', 'ledger', 'rollup_generation']) AS name
