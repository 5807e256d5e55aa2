-- Who may ask, send and control. Of a key only the SHA-256 of its secret is stored: 32 random
-- bytes need no slow hash. Nothing is deleted: a revoked key stays, with its time.
CREATE TABLE api_keys (
    id           text        PRIMARY KEY CHECK (id ~ '^[0-9a-f]{12}$'),
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    scopes       text[]      NOT NULL CHECK (
        cardinality(scopes) > 0 AND scopes <@ ARRAY['write', 'read', 'control', 'admin']),
    hash         bytea       NOT NULL CHECK (length(hash) = 32),
    -- Requests, of the collector events, a second and process; NULL is without a limit.
    rate         integer     CHECK (rate > 0),
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    -- To the minute.
    last_used_at timestamptz
);
