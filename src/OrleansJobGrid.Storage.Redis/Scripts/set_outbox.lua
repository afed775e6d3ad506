#!lua flags=allow-oom
-- set_outbox: opens, bounds or closes a shard's outbox.
--
-- KEYS  1 outbox  stream; 2 its capacity  string, absent: closed
-- ARGV  1 how many pointers are kept; 0: it is closed and emptied
-- gives 1
--
-- Promise: the stream itself stays, so that its numbers go on; closing takes one, by which a reader sees that it missed something.

local OUTBOX, CAPACITY = KEYS[1], KEYS[2]
if ARGV[1] ~= '0' then
  redis.call('SET', CAPACITY, ARGV[1])
elseif redis.call('DEL', CAPACITY) == 1 then
  redis.call('XADD', OUTBOX, '0-*', 'p', '')
end
redis.call('XTRIM', OUTBOX, 'MAXLEN', '=', ARGV[1])
return 1
