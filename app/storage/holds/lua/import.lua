-- Writes a hold as it is, whatever it overlaps: what a world file brings is history, not a request.
--
-- KEYS      three a lane: its index, what is known about it, the new hold
-- ARGV[1]   beginning of the buffered range, Unix ms
-- ARGV[2]   end of the buffered range, Unix ms
-- ARGV[3]   until when, Unix ms
-- ARGV[4]   the record to keep, opaque here
-- ARGV[5..] a lane each: the hold's member of its index
--
-- Returns   1

local length = tonumber(ARGV[2]) - tonumber(ARGV[1])
for lane = 1, #KEYS / 3 do
  local index, about, hold = KEYS[3 * lane - 2], KEYS[3 * lane - 1], KEYS[3 * lane]
  local turn = redis.call('HINCRBY', about, 'turn', 1)
  redis.call('SET', hold, 'c' .. string.format('%016d', turn) .. ARGV[4], 'PXAT', ARGV[3])
  redis.call('ZADD', index, ARGV[1], ARGV[4 + lane])
  if length > tonumber(redis.call('HGET', about, 'longest') or 0) then
    redis.call('HSET', about, 'longest', length)
  end
  for _, key in ipairs({index, about}) do
    if redis.call('PEXPIRETIME', key) < tonumber(ARGV[3]) then
      redis.call('PEXPIREAT', key, ARGV[3])
    end
  end
end
-- Whoever watches these lanes hears which they are. That a server lets nobody publish is no reason to refuse.
local told = {}
for _, key in ipairs(KEYS) do
  told[#told + 1] = string.match(key, '{(.*)}:holds$')
end
redis.pcall('PUBLISH', 'hf:changes', table.concat(told, ' '))
return 1
