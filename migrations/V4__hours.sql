-- A tier of hours between the quarters and the days: a query of the last 24 hours reads a
-- quarter of the rows. Hours of the past are built by compaction, the newest first; until then
-- they aren't in rollup_built and nobody reads them.

CREATE TABLE rollup_1h (LIKE rollup_1m INCLUDING ALL)
-- A breakdown sums the rows of all values and reads the sketches of a few: keep large ones
-- out of the row.
WITH (toast_tuple_target = 128);

SELECT create_hypertable('rollup_1h', 'bucket',
    chunk_time_interval => INTERVAL '30 days', create_default_indexes => FALSE);

-- A quarter that is built again changes whatever is made of it. Here and not in the consumer,
-- because one of the version before, which doesn't know of hours, may still be at work.
CREATE FUNCTION rollup_quarter_was_built() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM rollup_built
     WHERE tier = 3600 AND bucket = time_bucket(INTERVAL '1 hour', NEW.bucket)
        OR tier = 86400 AND bucket = time_bucket(INTERVAL '1 day', NEW.bucket);
    RETURN NULL;
END
$$;

CREATE TRIGGER rollup_quarter_was_built AFTER INSERT OR UPDATE ON rollup_built
    FOR EACH ROW WHEN (NEW.tier = 900) EXECUTE FUNCTION rollup_quarter_was_built();
