-- Points a reservation's uid to a claim, if it still points where it is expected to.
--
-- KEYS[1]   the locator (hash: claim, record, previous)
-- ARGV[1]   the claim it is expected to point to; "" if it must not exist yet
-- ARGV[2]   the claim it shall point to
-- ARGV[3]   that claim's record
-- ARGV[4]   the record to fall back to while that claim is not confirmed; "" for none
-- ARGV[5]   until when, Unix ms
--
-- Returns   1, or 0 if it points elsewhere; 1 too if it points there already, as when the answer to this got lost

local current = redis.call('HGET', KEYS[1], 'claim') or ''
if current == ARGV[2] then
  return 1
elseif current ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'claim', ARGV[2], 'record', ARGV[3], 'previous', ARGV[4])
if redis.call('PEXPIRETIME', KEYS[1]) < tonumber(ARGV[5]) then
  redis.call('PEXPIREAT', KEYS[1], ARGV[5])
end
return 1
