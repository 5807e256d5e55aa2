-- raw_events
-- What the rows of [$1, $2) add to a rollup, with their value in the dimension $3.
SELECT occurred_at, value_micros, duration_ms, user_id, session_id,
       CASE $3::text
           WHEN 'event_type' THEN event_type
           WHEN 'page' THEN page
           WHEN 'referrer' THEN referrer
           WHEN 'country' THEN country
           WHEN 'device' THEN device
           WHEN 'browser' THEN browser
           WHEN 'os' THEN os
       END AS value
FROM events
WHERE occurred_at >= $1 AND occurred_at < $2
