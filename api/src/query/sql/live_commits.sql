-- live_commits
-- Commits beyond what is known ($1 writers, $2 their last sequence numbers). A writer that closed
-- a while ago has nothing new; one that isn't known is new.
SELECT c.writer_id, c.seq, c.stored, c.buckets, c.accepted_first, c.accepted_last
FROM writers w
LEFT JOIN unnest($1::bigint[], $2::bigint[]) AS known (writer_id, seq) ON known.writer_id = w.id
JOIN LATERAL (
    SELECT * FROM commits
    WHERE commits.writer_id = w.id AND commits.seq > coalesce(known.seq, -1)
) c ON TRUE
WHERE w.id > 0 AND (w.closed_at IS NULL OR w.closed_at > now() - interval '10 minutes')
ORDER BY c.writer_id, c.seq
