-- insert_rollups
INSERT INTO rollup_table AS known
    (writer_id, seq, dimension, bucket, value, events, value_micros, "values", duration_ms,
     users, sessions, durations, visits)
SELECT $1, $2, dimension, bucket, value, events, value_micros::numeric, "values", duration_ms,
       users, sessions, durations, visits
  FROM unnest($3::smallint[], $4::timestamptz[], $5::text[], $6::bigint[], $7::text[],
              $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[],
              $13::bytea[])
    AS folded (dimension, bucket, value, events, value_micros, "values", duration_ms,
               users, sessions, durations, visits)
