#!lua flags=no-writes
-- read_sessions: all sessions with the clock.
--
-- KEYS  1 sessions  hash; 2 clock  string
-- ARGV  1 known clock
-- gives {clock, {session id, value, ...}}
--
-- Promise: one consistent view.

local SESSIONS, CLOCK = KEYS[1], KEYS[2]
-- include clock.lua
local now = tell(redis.call('GET', CLOCK), tonumber(ARGV[1]))
return { now, redis.call('HGETALL', SESSIONS) }
