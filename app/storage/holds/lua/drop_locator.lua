-- Forgets a reservation's uid, if it still points to the expected claim.
--
-- KEYS[1]   the locator (hash: claim, record, previous)
-- ARGV[1]   the expected claim
--
-- Returns   1, or 0 if it points elsewhere or is gone

if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
