-- Lets holds stand for at least some time from now, provisional or confirmed: all of them or none.
--
-- KEYS      some a hold: what it is entered in, then the hold
-- ARGV[1]   for how long, ms
-- ARGV[2]   how many keys a hold has
-- ARGV[3]   how many of the first holds all others see from now, as if they were confirmed
-- ARGV[4]   the record that those get, opaque here; needless where there are none
--
-- Returns   1, or 0 if one of the holds is gone

for number = tonumber(ARGV[2]), #KEYS, tonumber(ARGV[2]) do
  if redis.call('EXISTS', KEYS[number]) == 0 then
    return 0
  end
end
for hold = 1, tonumber(ARGV[3]) do
  local key = KEYS[hold * ARGV[2]]
  redis.call('SET', key, 'c' .. redis.call('GETRANGE', key, 1, 16) .. ARGV[4], 'KEEPTTL')
end
-- Backwards, so that what a hold is entered in is given its time after it, and outlives it: see claim.lua.
for number = #KEYS, 1, -1 do
  redis.call('PEXPIRE', KEYS[number], ARGV[1], 'GT')
end
return 1
