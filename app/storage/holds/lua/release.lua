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
if ended > 0 then
  -- Whoever watches these lanes hears which they are. That a server lets nobody publish is no reason to refuse.
  local told = {}
  for _, key in ipairs(KEYS) do
    told[#told + 1] = string.match(key, '{(.*)}:holds$')
  end
  redis.pcall('PUBLISH', 'hf:changes', table.concat(told, ' '))
end
return ended
