// One statement for a batch, prepared once: a column is an array.
const COLUMNS = {
  occurred_at: 'timestamptz',
  accepted_at: 'timestamptz',
  event_id: 'uuid',
  value_micros: 'bigint',
  duration_ms: 'integer',
  event_type: 'text',
  user_id: 'text',
  session_id: 'text',
  page: 'text',
  referrer: 'text',
  country: 'text',
  device: 'text',
  browser: 'text',
  os: 'text',
  properties: 'jsonb',
};
const names = Object.keys(COLUMNS);
const arrays = Object.values(COLUMNS).map((type, i) => `$${i + 1}::${type}[]`);
const text = `INSERT INTO events (${names.join(', ')})
  SELECT * FROM unnest(${arrays.join(', ')})
  ON CONFLICT DO NOTHING`;

/** Rows, column by column. */
export class Batch {
  ids = [];
  rejected = 0;
  columns = names.map(() => []);

  get size() {
    return this.columns[0].length;
  }

  add(event, acceptedAt) {
    const c = this.columns;
    c[0].push(event.occurred_at);
    c[1].push(acceptedAt);
    c[2].push(event.event_id);
    c[3].push(event.value === undefined ? null : Math.round(event.value * 1e6));
    c[4].push(event.duration_ms ?? null);
    c[5].push(event.event_type);
    c[6].push(event.user_id);
    c[7].push(event.session_id ?? null);
    c[8].push(event.page ?? null);
    c[9].push(event.referrer ?? null);
    c[10].push(event.country ?? null);
    c[11].push(event.device ?? null);
    c[12].push(event.browser ?? null);
    c[13].push(event.os ?? null);
    c[14].push(event.properties === undefined ? null : JSON.stringify(event.properties));
  }

  async write(db) {
    if (this.size > 0) await db.query({ name: 'insert-events', text, values: this.columns });
  }
}
