-- Ends a hold or a claim in some lanes.
--
-- KEYS      two a lane: its index, the hold
-- ARGV      a lane each: the hold's member of its index
--
-- Returns   in how many lanes it still stood

local ended = 0
for lane = 1, #KEYS / 2 do
  ended = ended + redis.call('DEL', KEYS[2 * lane])
  redis.call('ZREM', KEYS[2 * lane - 1], ARGV[lane])
end
return ended
