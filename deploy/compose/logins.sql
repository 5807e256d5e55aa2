-- Makes the daemons' logins in the groups that `consumer migrate` has made, or gives them the passwords
-- that .env has now. Nobody else gets in but the owner.
\set ON_ERROR_STOP on
\getenv api POSTGRES_PASSWORD_API
\getenv consumer POSTGRES_PASSWORD_CONSUMER
\getenv ingestion POSTGRES_PASSWORD_INGESTION
\getenv operator POSTGRES_PASSWORD_OPERATOR
BEGIN;
CREATE TEMPORARY TABLE logins (login, in_group, password) ON COMMIT DROP AS VALUES
    ('tm_api', 'tidemark_api', :'api'),
    ('tm_consumer', 'tidemark_consumer', :'consumer'),
    ('tm_ingestion', 'tidemark_ingestion', :'ingestion'),
    ('tm_operator', 'tidemark_admin', :'operator');
SELECT format('CREATE ROLE %I LOGIN', login) FROM logins WHERE to_regrole(login) IS NULL \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', login, password) FROM logins \gexec
SELECT format('GRANT %I TO %I', in_group, login) FROM logins \gexec
COMMIT;
