-- Writes a hold as it is, whatever it overlaps: what a world file brings is history, not a request.
--
-- KEYS      three a host: its index, its longest range, the new hold
-- ARGV[1]   beginning of the buffered range, Unix ms
-- ARGV[2]   end of the buffered range, Unix ms
-- ARGV[3]   seat group, "-" for none
-- ARGV[4]   id of the claim
-- ARGV[5]   until when, Unix ms
-- ARGV[6]   the record to keep, opaque here
--
-- Returns   1

local turn = '0000000000000000'
local length = tonumber(ARGV[2]) - tonumber(ARGV[1])
for host = 1, #KEYS / 3 do
  local index, longest_key, hold = KEYS[3 * host - 2], KEYS[3 * host - 1], KEYS[3 * host]
  redis.call('SET', hold, 'c' .. turn .. ARGV[6], 'PXAT', ARGV[5])
  redis.call('ZADD', index, ARGV[1], ARGV[2] .. ':' .. ARGV[3] .. ':' .. ARGV[4])
  if length > tonumber(redis.call('GET', longest_key) or 0) then
    redis.call('SET', longest_key, length, 'KEEPTTL')
  end
  for _, key in ipairs({index, longest_key}) do
    if redis.call('PEXPIRETIME', key) < tonumber(ARGV[5]) then
      redis.call('PEXPIREAT', key, ARGV[5])
    end
  end
end
return 1
