#!lua flags=allow-oom
-- take_sequence: the next numbers of the one sequence of submissions, with the clock.
--
-- KEYS  1 sequence  string, the last number given; 2 clock  string
-- ARGV  1 how many
-- gives {first number, clock}
--
-- Promise: no number is given twice; a later block has a higher first number and a clock not lower.

local SEQUENCE, CLOCK = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(redis.call('GET', CLOCK) or '0'))
local last = redis.call('INCRBY', SEQUENCE, ARGV[1])
redis.call('SET', CLOCK, string.format('%.0f', now))
return { last - tonumber(ARGV[1]) + 1, now }
