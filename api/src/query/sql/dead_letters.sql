-- dead_letters
-- The newest $1, each payload cut after $2 bytes.
SELECT entry_id, entry_index, source, reason, detail,
       substring(payload FROM 1 FOR $2::integer), octet_length(payload), received_at, replayed_at
FROM dead_letters
ORDER BY id DESC
LIMIT $1
