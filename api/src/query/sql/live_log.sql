-- live_log
-- The commits of the last 10 minutes, at most $1 of them, the newest first.
SELECT writer_id, seq, buckets, committed_at
FROM commits
WHERE committed_at > now() - interval '10 minutes'
ORDER BY committed_at DESC
LIMIT $1
