-- Ends a hold or a claim on some hosts.
--
-- KEYS      two a host: its index, the hold
-- ARGV[1]   the hold's member of the indexes
--
-- Returns   how many hosts it still stood on

local ended = 0
for host = 1, #KEYS / 2 do
  ended = ended + redis.call('DEL', KEYS[2 * host])
  redis.call('ZREM', KEYS[2 * host - 1], ARGV[1])
end
return ended
