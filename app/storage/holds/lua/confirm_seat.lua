-- Makes a provisional place in a seat ledger stand until an instant.
--
-- KEYS[1]   the ledger
-- KEYS[2]   the entry
-- ARGV[1]   until when, Unix ms
-- ARGV[2]   the hosts, ids with commas
--
-- Returns   1, or 0 if the place has lapsed meanwhile or was given up

if redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
redis.call('SET', KEYS[2], 'c' .. ARGV[2], 'PXAT', ARGV[1])
if redis.call('PEXPIRETIME', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('PEXPIREAT', KEYS[1], ARGV[1])
end
return 1
