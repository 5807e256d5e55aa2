// What a Node programmer would write: Express, pg, and the obvious SQL on the table of events.
import express from 'express';
import pg from 'pg';

const { POSTGRES_URL, PORT } = process.env;
const db = new pg.Pool({ connectionString: POSTGRES_URL, max: 10 });
const app = express();

const COUNTS = `count(*)::int AS events, count(DISTINCT user_id)::int AS users,
  count(DISTINCT session_id)::int AS sessions, coalesce(sum(value_micros), 0) / 1e6 AS value`;
const IN_RANGE = 'occurred_at >= to_timestamp($1) AND occurred_at < to_timestamp($2)';
const DIMENSIONS = ['event_type', 'page', 'referrer', 'country', 'device', 'browser', 'os'];

app.get('/health', (_request, response) => response.json({ ok: true }));

app.get('/api/v1/metrics/summary', async ({ query }, response) => {
  const sql = `SELECT ${COUNTS}, avg(duration_ms) AS duration_avg_ms,
      percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms) AS durations
    FROM events WHERE ${IN_RANGE}`;
  const { rows } = await db.query(sql, [query.from, query.to]);
  response.json({ data: rows[0] });
});

app.get('/api/v1/metrics/timeseries', async ({ query }, response) => {
  const sql = `SELECT time_bucket('15 minutes', occurred_at) AS bucket, ${COUNTS}
    FROM events WHERE ${IN_RANGE} GROUP BY 1 ORDER BY 1`;
  const { rows } = await db.query(sql, [query.from, query.to]);
  response.json({ data: rows });
});

app.get('/api/v1/metrics/breakdown', async ({ query }, response) => {
  const dimension = DIMENSIONS.find((name) => name === query.dimension);
  const sql = `SELECT ${dimension} AS key, ${COUNTS}
    FROM events WHERE ${IN_RANGE} GROUP BY 1 ORDER BY events DESC LIMIT 10`;
  const { rows } = await db.query(sql, [query.from, query.to]);
  response.json({ data: rows });
});

app.listen(Number(PORT), '127.0.0.1');
