-- live_sums
-- What each value adds up to, by writer, in the minutes given by $1 dimensions and $2 buckets, all
-- of which lie between $3 and $4.
SELECT dimension, bucket, value, events, value_micros::text
FROM unnest($1::smallint[], $2::timestamptz[]) AS wanted (dimension, bucket)
JOIN rollup_1m USING (dimension, bucket)
WHERE bucket >= $3 AND bucket < $4
