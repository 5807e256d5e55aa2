-- audit_raw_events
-- Rows that are there, and those that retention dropped.
SELECT (SELECT count(*) FROM events)
     + (SELECT coalesce(sum(rows), 0)::bigint FROM dropped WHERE relation = 'events')
