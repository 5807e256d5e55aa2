// An event of the contract, as this consumer accepts it.
import { z } from 'zod';

const text = (max) => z.string().min(1).max(max);

export const Event = z.strictObject({
  event_id: z.uuid(),
  event_type: z.string().regex(/^[a-z][a-z0-9_.]{0,63}$/),
  occurred_at: z.iso.datetime({ offset: true }),
  user_id: text(128),
  session_id: text(128).optional(),
  page: text(2048).optional(),
  referrer: text(2048).optional(),
  country: z.string().regex(/^[A-Z]{2}$/).optional(),
  device: text(32).optional(),
  browser: text(64).optional(),
  os: text(64).optional(),
  value: z.number().optional(),
  duration_ms: z.int().min(0).max(2 ** 31 - 1).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
