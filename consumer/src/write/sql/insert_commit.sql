-- insert_commit
INSERT INTO commits
    (writer_id, seq, stream_id, entries, entry_count, stored, duplicates, dead_lettered,
     bytes, buckets, accepted_first, accepted_last, stream_ms, decode_ms, queue_ms, write_ms)
VALUES
    ($1, $2, $3, ($4::text)::nummultirange, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
