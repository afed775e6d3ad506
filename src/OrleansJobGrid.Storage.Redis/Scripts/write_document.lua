#!lua flags=allow-oom
-- write_document: writes or deletes a document if its stored version is the expected one.
--
-- KEYS  1 documents  hash, one collection: document's key -> version 8 bytes, body
-- ARGV  1 document's key; 2 the expected version, 8 bytes, zeros: there is none; 3 the new version, 8 bytes, with the
--       body, packed by DocumentValue.cs; empty: delete
-- gives {1: written, or 0, the version stored after the call, 8 bytes, zeros: none}
--
-- Promise: of all calls that expect one version at most one is written; one that is not changes nothing.
-- Versions are compared as bytes, since Lua's numbers end at 2^53.
-- allow-oom: deletions, and the little that the grid must keep while it is full, pass at maxmemory.

local DOCUMENTS = KEYS[1]
local NONE = string.rep('\0', 8)
local old = redis.call('HGET', DOCUMENTS, ARGV[1])
local version = old and string.sub(old, 1, 8) or NONE
if version ~= ARGV[2] then return { 0, version } end
if ARGV[3] == '' then
  redis.call('HDEL', DOCUMENTS, ARGV[1])
  return { 1, NONE }
end
redis.call('HSET', DOCUMENTS, ARGV[1], ARGV[3])
return { 1, string.sub(ARGV[3], 1, 8) }
