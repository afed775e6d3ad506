#!lua flags=no-writes
-- read_outbox: a page of a shard's outbox, with the events that its pointers lead to.
--
-- KEYS  1 outbox  stream, 0-number -> p: offset in the job's log 4, length 4, job id; 2 jobs  hash, see apply.lua;
--       3 clock  string
-- ARGV  1 the number after which to begin; 2 limit; 3 known clock
-- gives {clock, lowest number kept, highest ever given, {number, job id, events as they lie in the log, ...}};
--       events are empty where the log does not have them any more
--
-- Promise: one consistent view, in the order of the numbers.

local call, read = redis.call, struct.unpack
local OUTBOX, JOBS, CLOCK = KEYS[1], KEYS[2], KEYS[3]
-- include clock.lua
local now = tell(call('GET', CLOCK), tonumber(ARGV[3]))
if call('EXISTS', OUTBOX) == 0 then return { now, 1, 0, {} } end

local function number(id) return tonumber(string.match(id, '^0%-(%d+)$')) end

local last = 0
local about = call('XINFO', 'STREAM', OUTBOX)
for i = 1, #about, 2 do
  if about[i] == 'last-generated-id' then last = number(about[i + 1]) end
end
local lowest = call('XRANGE', OUTBOX, '-', '+', 'COUNT', 1)[1]

local logs, found = {}, {}
for _, entry in ipairs(call('XRANGE', OUTBOX, '(0-' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  local packed = entry[2][2]
  local offset, length, at = read('<I4I4', packed)
  local id = string.sub(packed, at)
  if logs[id] == nil then
    local value = call('HGET', JOBS, id)
    if value then
      local queue, rest = read('<I2c0', value, 25)
      if queue ~= '' then rest = rest + 6 end
      logs[id] = string.sub(value, rest + 4 + read('<I4', value, rest))
    else
      logs[id] = ''
    end
  end
  local events = string.sub(logs[id], offset + 1, offset + length)
  if #events < length then events = '' end
  found[#found + 1] = number(entry[1])
  found[#found + 1] = id
  found[#found + 1] = events
end
return { now, lowest and number(lowest[1]) or last + 1, last, found }
