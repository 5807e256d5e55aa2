// What a Node programmer would write: XREADGROUP, validate, one INSERT for a batch, XACK; the
// next batch is read and validated while the database works. Ends with SIGTERM and then prints
// what it did as one line of JSON.
import { Redis } from 'ioredis';
import pg from 'pg';
import { Event } from './event.js';
import { Batch } from './write.js';

const { REDIS_URL, POSTGRES_URL, STREAM_KEY: stream, CONSUMER_GROUP: group } = process.env;
/** Entries of one read: an entry may hold one event or hundreds. */
const { READ_COUNT: count = '2000' } = process.env;
const BLOCK_MS = 100;
/** Batches being written while the next one is read. */
const WRITES = 2;

let stopping = false;
process.once('SIGTERM', () => (stopping = true));

// A reader that blocks would hold up the XACKs behind it.
const reader = new Redis(REDIS_URL);
const redis = new Redis(REDIS_URL);
const db = new pg.Pool({ connectionString: POSTGRES_URL, max: WRITES });
await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error) => {
  if (!error.message.startsWith('BUSYGROUP')) throw error;
});

async function read() {
  const reply = await reader.xreadgroup(
    'GROUP', group, 'node', 'COUNT', count, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>',
  );
  return reply?.[0][1] ?? [];
}

/** The JSON texts of an entry: one event, or one a line. */
function events(fields) {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === 'event') return [fields[i + 1]];
    if (fields[i] === 'batch') return fields[i + 1].split('\n').filter((line) => line !== '');
  }
  return [];
}

function parse(json) {
  try {
    return Event.safeParse(JSON.parse(json));
  } catch {
    return { success: false };
  }
}

function decode(entries) {
  const batch = new Batch();
  for (const [id, fields] of entries) {
    batch.ids.push(id);
    const acceptedAt = new Date(Number(id.split('-')[0])).toISOString();
    for (const json of events(fields)) {
      const { success, data } = parse(json);
      if (success) batch.add(data, acceptedAt);
      else batch.rejected += 1;
    }
  }
  return batch;
}

const done = { first_read_ms: Date.now(), events: 0, rejected: 0 };

async function commit(batch) {
  await batch.write(db);
  await redis.xack(stream, group, ...batch.ids);
  done.events += batch.size;
  done.rejected += batch.rejected;
}

const writing = [];
while (!stopping) {
  const entries = await read();
  if (entries.length === 0) continue;
  const batch = decode(entries);
  if (writing.length === WRITES) await writing.shift();
  writing.push(commit(batch));
  // An error ends the process where it is awaited, not as an unhandled rejection before.
  writing.at(-1).catch(() => {});
}
await Promise.all(writing);
console.log(JSON.stringify(done));
await db.end();
reader.disconnect();
redis.disconnect();
