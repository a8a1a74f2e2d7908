-- Counts one of the keys that a client gave to its requests, unless it has used as many as it may.
--
-- KEYS[1]   how many it has used; ends with the time that they are counted for
-- ARGV[1]   how many it may use
-- ARGV[2]   how long they are counted from the first one on, ms
--
-- Returns   {1 if it was counted, else 0, ms until they are counted anew}

local used = tonumber(redis.call('GET', KEYS[1]) or 0)
if used >= tonumber(ARGV[1]) then
  return {0, redis.call('PTTL', KEYS[1])}
end
redis.call('INCR', KEYS[1])
if used == 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {1, redis.call('PTTL', KEYS[1])}
