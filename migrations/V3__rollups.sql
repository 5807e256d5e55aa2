-- Rollups: one row per bucket, dimension, value and writer; readers merge over writers.
-- Sketches are opaque bytes with a version (common::rollup). `events` of a row is what the
-- writer counted; sums are exact.

CREATE TABLE rollup_1m (
    bucket       timestamptz NOT NULL,
    dimension    smallint    NOT NULL,
    value        text        NOT NULL,
    writer_id    bigint      NOT NULL,
    seq          bigint      NOT NULL,
    events       bigint      NOT NULL,
    value_micros numeric     NOT NULL,
    "values"     bigint      NOT NULL,
    duration_ms  numeric     NOT NULL,
    users        bytea       NOT NULL,
    sessions     bytea       NOT NULL,
    durations    bytea       NOT NULL,
    PRIMARY KEY (dimension, bucket, value, writer_id)
)
-- Rows are overwritten while their minute is open: leave room for it on the page. Sketches
-- don't compress and are read whole: keep them in the row.
WITH (fillfactor = 70, toast_tuple_target = 8160);

ALTER TABLE rollup_1m
    ALTER users SET STORAGE EXTERNAL,
    ALTER sessions SET STORAGE EXTERNAL,
    ALTER durations SET STORAGE EXTERNAL;

CREATE TABLE rollup_15m (LIKE rollup_1m INCLUDING ALL);
CREATE TABLE rollup_1d (LIKE rollup_1m INCLUDING ALL);

SELECT create_hypertable('rollup_1m', 'bucket',
    chunk_time_interval => INTERVAL '1 day', create_default_indexes => FALSE);
SELECT create_hypertable('rollup_15m', 'bucket',
    chunk_time_interval => INTERVAL '14 days', create_default_indexes => FALSE);
SELECT create_hypertable('rollup_1d', 'bucket',
    chunk_time_interval => INTERVAL '365 days', create_default_indexes => FALSE);

-- Which coarse buckets are built. `tier` is the bucket's width in seconds: 900 or 86400.
CREATE TABLE rollup_built (
    tier     integer     NOT NULL,
    bucket   timestamptz NOT NULL,
    built_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tier, bucket)
);

-- Minutes that changed after their coarse bucket may have been built, marked in the commit
-- that changed them. A coarse bucket with a mark is not used until it is built again.
CREATE TABLE rollup_dirty (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket timestamptz NOT NULL
);

CREATE INDEX rollup_dirty_bucket_idx ON rollup_dirty (bucket);

-- Raised by a rebuild; a lane that sees it raised starts under a new writer id.
CREATE TABLE rollup_generation (
    only_row   boolean PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    generation bigint  NOT NULL
);

INSERT INTO rollup_generation (generation) VALUES (1);
