-- upsert_stream
INSERT INTO streams (key, epoch) VALUES ($1, $2)
ON CONFLICT (key, epoch) DO UPDATE SET key = excluded.key
RETURNING id
