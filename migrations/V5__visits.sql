-- Which of the sessions of all events (dimension 0) had one event alone: a sample, as opaque
-- bytes with a version (common::rollup). NULL in the other dimensions, and where it isn't known:
-- rows from before, or those that a consumer of the version before had a part in.
-- `consumer rollup rebuild` fills it in.
ALTER TABLE rollup_1m ADD COLUMN visits bytea;
ALTER TABLE rollup_15m ADD COLUMN visits bytea;
ALTER TABLE rollup_1h ADD COLUMN visits bytea;
ALTER TABLE rollup_1d ADD COLUMN visits bytea;

ALTER TABLE rollup_1m ALTER visits SET STORAGE EXTERNAL;
ALTER TABLE rollup_15m ALTER visits SET STORAGE EXTERNAL;
ALTER TABLE rollup_1h ALTER visits SET STORAGE EXTERNAL;
ALTER TABLE rollup_1d ALTER visits SET STORAGE EXTERNAL;
