-- Makes a provisional claim of some hosts stand until an instant: of all of them or of none.
--
-- KEYS      three a host: its index, its longest range, the hold
-- ARGV[1]   until when, Unix ms
-- ARGV[2]   the record to keep, opaque here
--
-- Returns   1, or 0 if the claim has lapsed meanwhile or was released

local hosts = #KEYS / 3
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
return 1
