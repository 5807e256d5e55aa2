-- count_stored
-- How many of these are there: each is looked up, in the chunks of their time only.
SELECT count(*)
  FROM unnest($1::timestamptz[], $2::uuid[]) AS asked (occurred_at, event_id)
 CROSS JOIN LATERAL (
       SELECT FROM events
        WHERE events.occurred_at = asked.occurred_at
          AND events.event_id = asked.event_id
          AND events.occurred_at BETWEEN $3 AND $4
       OFFSET 0
       ) AS stored
