-- open_writer
-- Whoever held the lane's name before is gone: we hold its lock.
WITH closed AS (
    UPDATE writers SET closed_at = now() WHERE consumer = $1 AND closed_at IS NULL
)
INSERT INTO writers (consumer) VALUES ($1)
RETURNING id
