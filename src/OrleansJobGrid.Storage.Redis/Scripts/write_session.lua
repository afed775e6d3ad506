#!lua flags=allow-oom
-- write_session: a heartbeat: the session's record with a new expiry, unless the session has ended.
--
-- KEYS  1 sessions  hash, session id -> expiry 8 bytes, ended 1, what ARGV 3 brought; 2 ended  string, the session's
--       mark; 3 clock  string
-- ARGV  1 session id; 2 lease in ms; 3 worker, home and body, packed by SessionValue.cs; 4 known clock
-- gives {clock, expiry, ended: 0 or 1}; ended: nothing was written, the expiry is the stored one or 0
--
-- Promise: an ended session is not written again, also once its record is removed, while its mark is kept.

local SESSIONS, ENDED, CLOCK = KEYS[1], KEYS[2], KEYS[3]
-- include clock.lua
local now, keep = tell(redis.call('GET', CLOCK), tonumber(ARGV[4]))
local old = redis.call('HGET', SESSIONS, ARGV[1])
if redis.call('EXISTS', ENDED) == 1 or old and string.byte(old, 9) == 1 then
  return { now, old and struct.unpack('<I8', old) or 0, 1 }
end
local expiry = now + tonumber(ARGV[2])
redis.call('HSET', SESSIONS, ARGV[1], struct.pack('<I8B', expiry, 0) .. ARGV[3])
redis.call('SET', CLOCK, keep)
return { now, expiry, 0 }
