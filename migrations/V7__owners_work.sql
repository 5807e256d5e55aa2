-- What only the owner of the tables may do, for a consumer that isn't: functions that run as whoever
-- migrates, each for one purpose (docs/decisions/0020-roles.md).

-- Drops the chunks of whole days before an edge. What is younger than a day is nobody's to drop.
CREATE FUNCTION drop_whole_days(relation text, edge timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF relation NOT IN ('events', 'rollup_1m') OR edge > now() - INTERVAL '1 day' THEN
        RAISE EXCEPTION 'retention does not drop % up to %', relation, edge
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM drop_chunks(relation::regclass, older_than => edge);
END
$$;

-- Switches compression of raw events on. Community edition of TimescaleDB only.
CREATE FUNCTION compress_events(after_days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    ALTER TABLE events SET (timescaledb.compress,
        timescaledb.compress_orderby = 'occurred_at, event_id',
        timescaledb.compress_segmentby = 'event_type');
    PERFORM add_compression_policy('events'::regclass, make_interval(days => after_days),
        if_not_exists => true);
END
$$;

-- Names mean what they mean here, whatever the caller has in its temporary schema.
DO $$
DECLARE
    extension text := (SELECT nspname FROM pg_extension
                         JOIN pg_namespace ON pg_namespace.oid = extnamespace
                        WHERE extname = 'timescaledb');
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['drop_whole_days(text, timestamptz)', 'compress_events(integer)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, %I, pg_temp',
            signature, current_schema(), extension);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    END LOOP;
END
$$;

-- Before PostgreSQL 17 only the owner can vacuum: where the consumer can't, autovacuum looks after the
-- rows that commits overwrite. New chunks take this over.
ALTER TABLE rollup_1m SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 50000,
    autovacuum_vacuum_cost_delay = 0
);
