#!lua flags=no-writes
-- One moment of the stream: KEYS stream, ledger, generator report; ARGV consumer group.
local function named(flat)
  local by_name = {}
  for i = 1, #flat, 2 do by_name[flat[i]] = flat[i + 1] end
  return by_name
end

local now = redis.call('TIME')
local moment = { now_us = now[1] .. string.format('%06d', now[2]) }

local epoch_and_counts = redis.call('HGETALL', KEYS[2])
if #epoch_and_counts > 0 then moment.ledger = named(epoch_and_counts) end
local report = redis.call('GET', KEYS[3])
if report then moment.generator = report end

local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
if stream.err then return cjson.encode(moment) end
stream = named(stream)
moment.length = stream['length']
moment.entries_added = stream['entries-added']

local after = '-'
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  group = named(group)
  if group.name == ARGV[1] then
    after = '(' .. group['last-delivered-id']
    moment.pending = group.pending
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
    if pending[1] > 0 then moment.first_pending = pending[2] end
    local consumers = {}
    for i, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
      consumer = named(consumer)
      consumers[i] = { name = consumer.name, pending = consumer.pending, idle_ms = consumer.idle }
    end
    if #consumers > 0 then moment.consumers = consumers end
  end
end
local unread = redis.call('XRANGE', KEYS[1], after, '+', 'COUNT', 1)
if #unread > 0 then moment.first_unread = unread[1][1] end
return cjson.encode(moment)
