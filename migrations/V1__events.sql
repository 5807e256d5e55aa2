-- Raw events: one row each, unique by (occurred_at, event_id), in daily chunks.
CREATE EXTENSION IF NOT EXISTS timescaledb;

CREATE TABLE events (
    occurred_at  timestamptz NOT NULL,
    accepted_at  timestamptz NOT NULL,
    event_id     uuid        NOT NULL,
    value_micros bigint,
    duration_ms  integer,
    event_type   text        NOT NULL,
    user_id      text        NOT NULL,
    session_id   text,
    page         text,
    referrer     text,
    country      text,
    device       text,
    browser      text,
    os           text,
    properties   jsonb
);

SELECT create_hypertable('events', 'occurred_at',
    chunk_time_interval => INTERVAL '1 day', create_default_indexes => FALSE);

-- The index that makes a retry harmless.
CREATE UNIQUE INDEX events_occurred_at_event_id_key ON events (occurred_at, event_id);

-- What was refused, byte for byte, with the reason code of the contract.
CREATE TABLE dead_letters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id   integer     NOT NULL,
    entry_id    text        NOT NULL,
    entry_index integer     NOT NULL,
    source      text        NOT NULL,
    reason      text        NOT NULL,
    detail      text        NOT NULL,
    payload     bytea       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    CONSTRAINT dead_letters_entry_key UNIQUE (entry_id, entry_index, stream_id)
);

CREATE INDEX dead_letters_received_at_idx ON dead_letters (received_at);
