-- live_generation
-- Raised in the transaction of whatever changes rollups without a commit.
SELECT generation FROM rollup_generation
