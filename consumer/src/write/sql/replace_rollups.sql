ON CONFLICT (dimension, bucket, value, writer_id) DO UPDATE SET
    seq = excluded.seq,
    events = excluded.events,
    value_micros = excluded.value_micros,
    "values" = excluded."values",
    duration_ms = excluded.duration_ms,
    users = excluded.users,
    sessions = excluded.sessions,
    durations = excluded.durations,
    visits = excluded.visits
