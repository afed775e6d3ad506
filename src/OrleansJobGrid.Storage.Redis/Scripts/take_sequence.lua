#!lua flags=allow-oom
-- take_sequence: the next numbers of the one sequence of submissions, with the clock.
--
-- KEYS  1 sequence  string, the last number given; 2 clock  string
-- ARGV  1 how many; 2 known clock
-- gives {first number, clock}
--
-- Promise: no number is given twice; a later block has a higher first number and a clock not lower.

local SEQUENCE, CLOCK = KEYS[1], KEYS[2]
-- include clock.lua
local now, keep = tell(redis.call('GET', CLOCK), tonumber(ARGV[2]))
local last = redis.call('INCRBY', SEQUENCE, ARGV[1])
redis.call('SET', CLOCK, keep)
return { last - tonumber(ARGV[1]) + 1, now }
