-- upsert_rollups
INSERT INTO rollup_1m AS known
    (writer_id, seq, dimension, bucket, value, events, value_micros, "values", duration_ms,
     users, sessions, durations)
SELECT $1, $2, dimension, bucket, value, events, value_micros::numeric, "values", duration_ms,
       users, sessions, durations
  FROM unnest($3::smallint[], $4::timestamptz[], $5::text[], $6::bigint[], $7::text[],
              $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[])
    AS folded (dimension, bucket, value, events, value_micros, "values", duration_ms,
               users, sessions, durations)
ON CONFLICT (dimension, bucket, value, writer_id) DO UPDATE SET
    seq = excluded.seq,
    events = excluded.events,
    value_micros = excluded.value_micros,
    "values" = excluded."values",
    duration_ms = excluded.duration_ms,
    users = excluded.users,
    sessions = excluded.sessions,
    durations = excluded.durations
