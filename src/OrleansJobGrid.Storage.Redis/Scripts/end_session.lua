#!lua flags=allow-oom
-- end_session: notes in a session's own record that it has ended.
--
-- KEYS  1 sessions  hash
-- ARGV  1 session id
-- gives 1 where there is a record, else 0
--
-- Promise: idempotent; changes nothing but the note.

local SESSIONS = KEYS[1]
local old = redis.call('HGET', SESSIONS, ARGV[1])
if not old then return 0 end
if string.byte(old, 9) == 0 then
  redis.call('HSET', SESSIONS, ARGV[1], string.sub(old, 1, 8) .. '\1' .. string.sub(old, 10))
end
return 1
