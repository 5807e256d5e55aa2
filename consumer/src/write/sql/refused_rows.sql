-- refused_rows
CREATE FUNCTION pg_temp.refused_rows()
RETURNS TABLE (event_time timestamptz, event uuid, reason text)
LANGUAGE plpgsql AS $$
DECLARE
    staged staged_events;
BEGIN
    FOR staged IN SELECT * FROM staged_events LOOP
        BEGIN
            INSERT INTO events SELECT staged.* ON CONFLICT DO NOTHING;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            event_time := staged.occurred_at;
            event := staged.event_id;
            reason := format('SQLSTATE %s: %s', SQLSTATE, SQLERRM);
            RETURN NEXT;
        END;
    END LOOP;
END $$
