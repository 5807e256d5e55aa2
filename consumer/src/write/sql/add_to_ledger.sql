-- add_to_ledger
INSERT INTO ledger AS known
    (stream_id, writer_id, source, entries, stored, duplicates, dead_lettered, lost_entries)
SELECT $1, $2, added.*
  FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    AS added
ON CONFLICT (stream_id, writer_id, source) DO UPDATE SET
    entries = known.entries + excluded.entries,
    stored = known.stored + excluded.stored,
    duplicates = known.duplicates + excluded.duplicates,
    dead_lettered = known.dead_lettered + excluded.dead_lettered,
    lost_entries = known.lost_entries + excluded.lost_entries
