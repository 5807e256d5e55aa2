-- audit_raw_events
SELECT count(*) FROM events
