-- ledger
-- What was handled of the stream $1 in its epoch $2, by source.
SELECT l.source,
       sum(l.entries)::bigint,
       sum(l.stored)::bigint,
       sum(l.duplicates)::bigint,
       sum(l.dead_lettered)::bigint,
       sum(l.lost_entries)::bigint
FROM ledger l
JOIN streams s ON s.id = l.stream_id
WHERE s.key = $1 AND s.epoch = $2
GROUP BY l.source
