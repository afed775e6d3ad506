#!lua
-- open_store: what the store was made with; makes it where there is none.
--
-- KEYS  1 store  hash: format, id, shards
-- ARGV  1 format; 2 id and 3 shards to write where there is no store
-- gives {format, id, shards} as stored
--
-- Promise: of several processes that open a new store at once all see the same one.

local STORE = KEYS[1]
if redis.call('EXISTS', STORE) == 0 then
  redis.call('HSET', STORE, 'format', ARGV[1], 'id', ARGV[2], 'shards', ARGV[3])
end
return redis.call('HMGET', STORE, 'format', 'id', 'shards')
