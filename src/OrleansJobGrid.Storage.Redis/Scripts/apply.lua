#!lua flags=allow-oom
-- apply: one batch of job operations in one shard, all or nothing for the batch, one verdict for each operation.
--
-- KEYS  1 stopped     string  why the shard stands still; absent while it works
--       2 clock       string  this shard's clock, see clock.lua
--       3 jobs        hash    job id -> value (below)
--       4 marks       hash    queue -> "last ready number, entries now"
--       5 signatures  hash    8 bytes -> the requirement's text
--       6 counters    hash    name -> sum
--       7 outbox      stream  0-number -> p: offset in the job's log 4, length 4, job id; 8 its capacity, absent: closed
--       9..           the indexes (zset, job id under its score), then the ready hashes (job id -> number and
--                     order), then the marks of ended sessions (string), as many as ARGV 3 to 5 say
-- ARGV  1 the operations, packed by BatchEncoder.cs; 2 their number; 3, 4, 5 the number of indexes, queues and
--       sessions in KEYS; 6, 7 the number of counters and signatures; 8 non-empty: why new jobs are refused now;
--       9 known clock;
--       then the queues' names, the counters' names, and each signature's 8 bytes followed by its text
-- value version 8 bytes, operation id 16, length of the ready queue's name 2 (0: no entry), that name and the
--       entry's number 6, length of the record 4, the record, then each event with its length 4
-- gives {clock, verdicts of 15 bytes (outcome 1, version 8, ready number 6), index and reason of each rejection}
--       or {'QUEUES', name...}: nothing was written, send again with the ready hashes of these queues in KEYS
--
-- Promise: everything is read and checked before the first write. A batch that dies with the server is either
-- whole in its append-only file or not there. A write that fails all the same cannot be rolled back by Lua: the
-- reason goes into `stopped`, and no batch is taken until the checker has mended the shard and deleted that key.
-- allow-oom: what frees memory (reports, deletions) must pass at maxmemory; new jobs are stopped before, by ARGV 8.

local call, read, pack, sub = redis.call, struct.unpack, struct.pack, string.sub
local STOPPED, CLOCK, JOBS, MARKS, SIGNATURES, COUNTERS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local OUTBOX, CAPACITY, FIXED = KEYS[7], KEYS[8], 8
local APPLIED, ALREADY, CONFLICT, EARLY, ENDED, REJECTED = 0, 1, 2, 3, 4, 5
local RECORD, REMOVE_READY, ADD_READY = 2, 4, 8

local reason = call('GET', STOPPED)
if reason then return redis.error_reply('STOPPED ' .. reason) end

local operations, count = ARGV[1], tonumber(ARGV[2])
local indexes, queues, sessions = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local counters, signatures, refusal = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local first_queue_name = 9
local first_counter_name = first_queue_name + queues
local first_signature = first_counter_name + counters

-- include clock.lua
local now, keep = tell(call('GET', CLOCK), tonumber(ARGV[9]))

local function wrong(key, kind)
  local found = call('TYPE', key).ok
  if found == kind or found == 'none' then return false end
  return 'the key ' .. key .. ' holds a ' .. found .. ' where a ' .. kind
    .. ' belongs: another program writes here; remove that key or give the grid a cluster name of its own'
end

local broken = wrong(JOBS, 'hash') or wrong(MARKS, 'hash') or wrong(SIGNATURES, 'hash') or wrong(COUNTERS, 'hash')
  or wrong(OUTBOX, 'stream') or wrong(CAPACITY, 'string')
local capacity = not broken and call('GET', CAPACITY)
local broken_index, broken_queue, ended, some_broken = {}, {}, {}, false
for i = 1, indexes do
  broken_index[i] = wrong(KEYS[FIXED + i], 'zset')
  some_broken = some_broken or broken_index[i]
end
local queue_of, last = {}, {}
for i = 1, queues do
  local name = ARGV[first_queue_name + i]
  queue_of[name] = i
  broken_queue[i] = wrong(KEYS[FIXED + indexes + i], 'hash')
  if not broken then
    local mark = call('HGET', MARKS, name)
    last[i] = mark and tonumber(string.match(mark, '^(%d+),%d+$')) or 0
    if mark and not string.find(mark, '^%d+,%d+$') then
      broken_queue[i] = 'the mark of queue ' .. name .. ' is damaged: ' .. mark
    end
  end
end
for i = 1, sessions do ended[i] = call('EXISTS', KEYS[FIXED + indexes + queues + i]) == 1 end

local pos = 1
local ids = {}
for i = 1, count do ids[i], pos = read('<I2c0', operations, pos) end
local stored = {}
if count > 0 and not broken then stored = call('HMGET', JOBS, unpack(ids)) end

-- What will be written, as argument lists with their length n: asking Lua for the length of a list is a search.
local function list() return { n = 0 } end
local function push(to, value)
  local n = to.n + 1
  to.n = n
  to[n] = value
end

-- The reason of the first broken index among the entries that begin at a place.
local function broken_entry(at, removals, additions)
  local index, score
  for e = 1, removals + additions do
    if e <= removals then index, at = read('<I2', operations, at) else index, score, at = read('<I2Bc0', operations, at) end
    if broken_index[index] then return broken_index[index] end
  end
  return false
end

local verdicts, reasons, missing = {}, {}, {}
local job_sets, job_dels, pointers = list(), list(), list()
local zrems, zadds, ready_sets, ready_dels, sums, used_signatures = {}, {}, {}, {}, {}, {}
for i = 1, indexes do zrems[i], zadds[i] = list(), list() end
for i = 1, queues do ready_sets[i], ready_dels[i] = list(), list() end

for i = 1, count do
  local id, old = ids[i], stored[i]
  local expected, header, not_before, session, flags, body, events, queue, signature, ready, removals, additions, increments
  expected, header, not_before, session, flags, body, events, queue, signature, ready, removals, additions, increments, pos
    = read('<c24c24dI2BI4c0I4c0I2I2I2c0I2I2I2', operations, pos)
  local is_new, has_record = flags % 2 >= 1, flags % 4 >= RECORD
  local removes_ready, adds_ready = flags % 8 >= REMOVE_READY, flags >= ADD_READY

  local outcome, version, number, why = APPLIED, 0, 0, broken
  local old_queue, old_number, old_rest = '', 0, 0
  if old then
    if #old < 30 then
      why = 'the stored value of job ' .. id .. ' is damaged'
    else
      version = read('<I8', old)
      old_queue, old_rest = read('<I2c0', old, 25)
      if old_queue ~= '' then old_number, old_rest = read('<I6', old, old_rest) end
    end
  end

  if why then outcome = REJECTED
  elseif old and sub(old, 9, 24) == sub(header, 9, 24) then outcome, number = ALREADY, old_number
  elseif is_new and old or not is_new and (not old or sub(old, 1, 24) ~= expected) then outcome = CONFLICT
  elseif session > 0 and ended[session] then outcome = ENDED
  elseif not_before > now then outcome = EARLY
  elseif is_new and refusal ~= '' then outcome, why = REJECTED, refusal
  end

  local taken = old_queue ~= '' and (removes_ready or adds_ready or not has_record)
  local from = taken and queue_of[old_queue]
  if outcome == APPLIED then
    if taken and not from then missing[old_queue] = true end
    why = from and broken_queue[from] or adds_ready and broken_queue[queue]
      or some_broken and broken_entry(pos, removals, additions)
    if why then outcome = REJECTED end
  end

  -- Entries and counters are read in any case, to come to the next operation.
  local applied = outcome == APPLIED
  for _ = 1, removals do
    local index
    index, pos = read('<I2', operations, pos)
    if applied then push(zrems[index], id) end
  end
  for _ = 1, additions do
    local index, score
    index, score, pos = read('<I2Bc0', operations, pos)
    if applied then
      push(zadds[index], score)
      push(zadds[index], id)
    end
  end
  for _ = 1, increments do
    local counter, by
    counter, by, pos = read('<I2d', operations, pos)
    if applied then sums[counter] = (sums[counter] or 0) + by end
  end

  if applied then
    if taken then
      number = old_number
      if from then push(ready_dels[from], id) end
    end
    if has_record then
      local place
      if adds_ready then
        number = last[queue] + 1
        last[queue] = number
        local packed, name = pack('<I6', number), ARGV[first_queue_name + queue]
        push(ready_sets[queue], id)
        push(ready_sets[queue], packed .. ready)
        used_signatures[signature] = true
        place = pack('<I2', #name) .. name .. packed
      elseif taken or not old then place = '\0\0'
      else place = sub(old, 25, old_rest - 1)
      end
      push(job_sets, id)
      local log = old and sub(old, old_rest + 4 + read('<I4', old, old_rest)) or ''
      push(job_sets, header .. place .. body .. log .. events)
      if capacity and events ~= '' then push(pointers, pack('<I4I4', #log, #events) .. id) end
      version = read('<I8', header)
    else
      push(job_dels, id)
      version = 0
    end
  end

  if outcome == REJECTED then
    reasons[#reasons + 1] = i
    reasons[#reasons + 1] = why
  end
  verdicts[i] = pack('<BI8I6', outcome, version, number)
end

-- A signature's text stays what it was first.
local asked, texts, new_signatures = list(), {}, list()
for i in pairs(used_signatures) do
  push(asked, ARGV[first_signature + 2 * i - 1])
  texts[asked.n] = ARGV[first_signature + 2 * i]
end
if asked.n > 0 then
  for i, text in ipairs(call('HMGET', SIGNATURES, unpack(asked))) do
    if not text then
      push(new_signatures, asked[i])
      push(new_signatures, texts[i])
    end
  end
end

if next(missing) then
  local answer = { 'QUEUES' }
  for name in pairs(missing) do answer[#answer + 1] = name end
  return answer
end

-- Lua's stack ends at 8,000 values.
local function many(command, key, values)
  for from = 1, values.n, 4000 do call(command, key, unpack(values, from, math.min(from + 3999, values.n))) end
end

local function write()
  for i = 1, queues do
    local key = KEYS[FIXED + indexes + i]
    many('HDEL', key, ready_dels[i])
    many('HSET', key, ready_sets[i])
    if ready_dels[i].n > 0 or ready_sets[i].n > 0 then
      call('HSET', MARKS, ARGV[first_queue_name + i], string.format('%.0f,%.0f', last[i], call('HLEN', key)))
    end
  end
  for i = 1, indexes do
    local key = KEYS[FIXED + i]
    many('ZREM', key, zrems[i])
    many('ZADD', key, zadds[i])
  end
  many('HDEL', JOBS, job_dels)
  many('HSET', JOBS, job_sets)
  many('HSET', SIGNATURES, new_signatures)
  for i = 1, pointers.n do call('XADD', OUTBOX, 'MAXLEN', '=', capacity, '0-*', 'p', pointers[i]) end
  for i, sum in pairs(sums) do call('HINCRBY', COUNTERS, ARGV[first_counter_name + i], string.format('%.0f', sum)) end
  call('SET', CLOCK, keep)
end

local written, fault = pcall(write)
if not written then
  local text = type(fault) == 'table' and fault.err or tostring(fault)
  call('SET', STOPPED, text)
  return redis.error_reply('STOPPED ' .. text)
end
return { now, table.concat(verdicts), reasons }
