-- schema_present
SELECT to_regclass('rollup_generation') IS NOT NULL
