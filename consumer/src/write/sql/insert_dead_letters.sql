-- insert_dead_letters
INSERT INTO dead_letters (stream_id, entry_id, entry_index, source, reason, detail, payload)
SELECT $1, letter.*
  FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bytea[]) AS letter
-- Where the entry was counted before, the commit row is what says so.
ON CONFLICT DO NOTHING
