-- Makes a provisional claim of some hosts stand until an instant, of all of them or of none; a hold that it takes the
-- place of ends in the same step.
--
-- KEYS      three a host: its index, its longest range, the hold; then two a host of the old hold: its index, the hold
-- ARGV[1]   until when, Unix ms
-- ARGV[2]   the record to keep, opaque here
-- ARGV[3]   how many hosts the claim has
-- ARGV[4]   the old hold's member of the indexes; "" if there is none
--
-- Returns   1, or 0 if the claim has lapsed meanwhile or was released: then the old hold is untouched

local hosts = tonumber(ARGV[3])
for host = 1, hosts do
  if redis.call('EXISTS', KEYS[3 * host]) == 0 then
    return 0
  end
end
for host = 1, hosts do
  local turn = redis.call('GETRANGE', KEYS[3 * host], 1, 16)
  redis.call('SET', KEYS[3 * host], 'c' .. turn .. ARGV[2], 'PXAT', ARGV[1])
  -- The index outlives each of its holds, and goes with the last.
  for _, key in ipairs({KEYS[3 * host - 2], KEYS[3 * host - 1]}) do
    if redis.call('PEXPIRETIME', key) < tonumber(ARGV[1]) then
      redis.call('PEXPIREAT', key, ARGV[1])
    end
  end
end
for key = 3 * hosts + 1, #KEYS, 2 do
  redis.call('ZREM', KEYS[key], ARGV[4])
  redis.call('DEL', KEYS[key + 1])
end
return 1
