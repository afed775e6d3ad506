#!lua flags=allow-oom
-- mark_pass: notes that a periodic pass runs now, and tells when the one before ran.
--
-- KEYS  1 passes  hash, name -> Unix ms; 2 clock  string
-- ARGV  1 the pass's name; 2 known clock
-- gives {when the pass before ran or 0, clock}
--
-- Promise: two passes at once see one another in some order.

local PASSES, CLOCK = KEYS[1], KEYS[2]
-- include clock.lua
local now, keep = tell(redis.call('GET', CLOCK), tonumber(ARGV[2]))
local previous = tonumber(redis.call('HGET', PASSES, ARGV[1]) or '0')
redis.call('HSET', PASSES, ARGV[1], string.format('%.0f', now))
redis.call('SET', CLOCK, keep)
return { previous, now }
