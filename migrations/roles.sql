-- Group roles with what each daemon needs and nothing else (docs/decisions/0020-roles.md). Run after every
-- migration; what is there already stays as it is, so that it costs nothing and waits for nobody. Logins
-- of one's own are made members: GRANT tidemark_api TO somebody.
DO $$
DECLARE
    wanted record;
    role text;
BEGIN
    -- Roles belong to the whole server: databases that are migrated at once may make the same.
    FOREACH role IN ARRAY
        ARRAY['tidemark_api', 'tidemark_ingestion', 'tidemark_consumer', 'tidemark_admin']
    LOOP
        BEGIN
            IF to_regrole(role) IS NULL THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            -- An administrator can make them; the next migration grants them their rights.
            WHEN insufficient_privilege THEN NULL;
        END;
    END LOOP;

    FOR wanted IN
        WITH rights (role, privileges, relations) AS (VALUES
            ('tidemark_api', 'SELECT',
                'events dead_letters streams writers commits ledger dropped rollup_1m rollup_15m '
                'rollup_1h rollup_1d rollup_built rollup_dirty rollup_generation api_keys'),
            ('tidemark_ingestion', 'SELECT', 'api_keys'),
            ('tidemark_admin', 'SELECT INSERT', 'api_keys'),
            ('tidemark_consumer', 'SELECT INSERT', 'events commits dropped'),
            ('tidemark_consumer', 'SELECT INSERT UPDATE', 'streams'),
            ('tidemark_consumer', 'SELECT INSERT UPDATE DELETE',
                'dead_letters writers ledger rollup_1m rollup_15m rollup_1h rollup_1d rollup_built '
                'rollup_dirty'),
            ('tidemark_consumer', 'DELETE', 'commits'),
            ('tidemark_consumer', 'SELECT UPDATE', 'rollup_generation'),
            ('tidemark_consumer', 'SELECT', 'api_keys refinery_schema_history')
        )
        SELECT rights.role, privilege, relation
          FROM rights, unnest(string_to_array(privileges, ' ')) AS privilege,
               unnest(string_to_array(relations, ' ')) AS relation
         WHERE to_regrole(rights.role) IS NOT NULL AND to_regclass(relation) IS NOT NULL
    LOOP
        IF NOT has_table_privilege(wanted.role, wanted.relation, wanted.privilege) THEN
            EXECUTE format('GRANT %s ON %I TO %I', wanted.privilege, wanted.relation, wanted.role);
        END IF;
    END LOOP;

    FOR wanted IN
        WITH rights (role, "column") AS (VALUES
            ('tidemark_api', 'last_used_at'), ('tidemark_ingestion', 'last_used_at'),
            ('tidemark_consumer', 'last_used_at'), ('tidemark_admin', 'revoked_at')
        )
        SELECT rights.role, rights."column" FROM rights
         WHERE to_regrole(rights.role) IS NOT NULL AND to_regclass('api_keys') IS NOT NULL
    LOOP
        IF NOT has_column_privilege(wanted.role, 'api_keys', wanted."column", 'UPDATE') THEN
            EXECUTE format('GRANT UPDATE (%I) ON api_keys TO %I', wanted."column", wanted.role);
        END IF;
    END LOOP;

    -- The migration took these from everybody; a dump that is restored without privileges doesn't.
    FOR wanted IN
        SELECT function.oid::regprocedure AS signature
          FROM pg_proc AS function,
               aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl
         WHERE acl.grantee = 0
           AND function.oid IN (to_regprocedure('drop_whole_days(text, timestamptz)'),
                                to_regprocedure('compress_events(integer)'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', wanted.signature);
    END LOOP;

    IF to_regrole('tidemark_consumer') IS NULL THEN
        RETURN;
    END IF;
    FOR wanted IN
        SELECT signature FROM unnest(ARRAY[
            'drop_whole_days(text, timestamptz)', 'compress_events(integer)']) AS signature
         WHERE to_regprocedure(signature) IS NOT NULL
           AND NOT has_function_privilege('tidemark_consumer', signature, 'EXECUTE')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tidemark_consumer', wanted.signature);
    END LOOP;
    -- Duplicates are found by way of a temporary table.
    IF NOT has_database_privilege('tidemark_consumer', current_database(), 'TEMPORARY') THEN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tidemark_consumer', current_database());
    END IF;
    IF current_setting('server_version_num')::integer >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON rollup_1m, rollup_15m, rollup_1h, rollup_1d TO tidemark_consumer';
    END IF;
END
$$;
