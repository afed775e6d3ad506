#!lua flags=no-writes
-- read_index: a page of an index in the order of (score, job id), from an exclusive cursor that need not be there any more.
--
-- KEYS  1 index  zset; 2 clock  string
-- ARGV  1 'up' or 'down'; 2 limit; 3 known clock; 4 and 5, where a page came before: score and job id of its last entry
-- gives {clock, {job id, score, ...}}
--
-- Promise: one consistent view; entries of equal score come in the order of their ids' bytes, across pages too.

local call = redis.call
local INDEX, CLOCK = KEYS[1], KEYS[2]
local down, limit = ARGV[1] == 'down', tonumber(ARGV[2])

-- Lua's own comparison follows the server's locale.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local first = 0
if ARGV[4] then
  local score, id = ARGV[4], ARGV[5]
  -- The number of entries before the cursor, for 'up' with the cursor itself: bisection among those of its score.
  local low = call('ZCOUNT', INDEX, '-inf', '(' .. score)
  local high = low + call('ZCOUNT', INDEX, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local member = call('ZRANGE', INDEX, middle, middle)[1]
    if before(member, id) or not down and member == id then low = middle + 1 else high = middle end
  end
  first = low
  if down then
    if low == 0 then limit = 0 end
    first = call('ZCARD', INDEX) - low
  end
end

-- include clock.lua
local now = tell(call('GET', CLOCK), tonumber(ARGV[3]))
if limit == 0 then return { now, {} } end
if down then return { now, call('ZRANGE', INDEX, first, first + limit - 1, 'REV', 'WITHSCORES') } end
return { now, call('ZRANGE', INDEX, first, first + limit - 1, 'WITHSCORES') }
