-- insert_staged
INSERT INTO events (occurred_at, accepted_at, event_id, value_micros, duration_ms, event_type,
                    user_id, session_id, page, referrer, country, device, browser, os, properties)
SELECT occurred_at, accepted_at, event_id, value_micros, duration_ms, event_type,
       user_id, session_id, page, referrer, country, device, browser, os, properties
  FROM staged_events
 ORDER BY occurred_at, event_id
ON CONFLICT DO NOTHING
RETURNING occurred_at, event_id
