-- live_writers
-- The last commit of every writer that committed lately, and whether positions still name it.
SELECT w.id, c.seq, w.closed_at IS NULL OR w.closed_at > now() - interval '10 minutes'
FROM writers w
JOIN LATERAL (
    SELECT seq FROM commits WHERE commits.writer_id = w.id ORDER BY seq DESC LIMIT 1
) c ON TRUE
WHERE w.id > 0 AND (w.closed_at IS NULL OR w.closed_at > now() - interval '20 minutes')
