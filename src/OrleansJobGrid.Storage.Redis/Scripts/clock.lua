-- The store's clock: the server's, except that it never goes back and never stands. Where the server's was set back, this one
-- goes on at half the pace until the server's has caught up with it.
--
-- `kept` is what the script's clock key holds: the clock when it was last written and, after a blank, the server's time that it
-- had taken in by then. `known` is the highest clock that the caller has been told, by whichever shard.
-- Gives the clock, and what to keep of it.
local function tell(kept, known)
  local time = redis.call('TIME')
  local host = time[1] * 1000 + math.floor(time[2] / 1000)
  local at, seen = string.match(kept or '', '^(%d+) ?(%d*)$')
  at, seen = tonumber(at or '0'), tonumber(seen or '') or host
  if known > at then at, seen = known, host end
  local gained = math.floor(math.max(host - seen, 0) / 2)
  if host >= at + gained then return host, string.format('%.0f %.0f', host, host) end
  -- Only what was gained is taken in, or many short steps would gain nothing.
  return at + gained, string.format('%.0f %.0f', at + gained, math.min(host, seen + 2 * gained))
end
