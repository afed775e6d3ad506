#!lua flags=no-writes
-- read_sessions: all sessions with the clock.
--
-- KEYS  1 sessions  hash; 2 clock  string
-- gives {clock, {session id, value, ...}}
--
-- Promise: one consistent view.

local SESSIONS, CLOCK = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(redis.call('GET', CLOCK) or '0'))
return { now, redis.call('HGETALL', SESSIONS) }
