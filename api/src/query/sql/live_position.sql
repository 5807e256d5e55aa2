-- live_position
-- The last commit of every writer that may still commit.
SELECT w.id, c.seq
FROM writers w
JOIN LATERAL (
    SELECT seq FROM commits WHERE commits.writer_id = w.id ORDER BY seq DESC LIMIT 1
) c ON TRUE
WHERE w.id > 0 AND (w.closed_at IS NULL OR w.closed_at > now() - interval '10 minutes')
