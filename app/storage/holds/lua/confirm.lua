-- Makes a provisional claim stand until an instant, in all of some lanes or in none, and with it its places in some
-- quotas; a hold that it takes the place of ends in the same step, or a new uid is pointed to the claim. A place that
-- has lapsed meanwhile is taken again, for its hold has not.
--
-- KEYS      three a lane: its index, what is known about it, the hold; then two a lane of the old hold: its index, the
--           hold; then one a quota; then perhaps the uid's locator (hash: claim, record, previous)
-- ARGV[1]   until when, Unix ms
-- ARGV[2]   the record to keep, opaque here
-- ARGV[3]   how many lanes the claim has
-- ARGV[4]   how many lanes the old hold has
-- ARGV[5]   how many quotas there are
-- ARGV[6]   id of the claim
-- ARGV[7..] a lane of the old hold each: its member of the index
--
-- Returns   1; or 0, and nothing changes, if the claim has lapsed meanwhile or was released, or the uid points to
--           another

local lanes, old_lanes, quotas = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local first_quota = 3 * lanes + 2 * old_lanes + 1
local locator = KEYS[first_quota + quotas]
for lane = 1, lanes do
  if redis.call('EXISTS', KEYS[3 * lane]) == 0 then
    return 0
  end
end
if locator then
  local points_to = redis.call('HGET', locator, 'claim')
  if not points_to then
    redis.call('HSET', locator, 'claim', ARGV[6], 'record', ARGV[2], 'previous', '')
    redis.call('PEXPIREAT', locator, ARGV[1])
  elseif points_to ~= ARGV[6] then
    return 0
  end
end
for lane = 1, lanes do
  local turn = redis.call('GETRANGE', KEYS[3 * lane], 1, 16)
  redis.call('SET', KEYS[3 * lane], 'c' .. turn .. ARGV[2], 'PXAT', ARGV[1])
  -- The index outlives each of its holds, and goes with the last.
  for _, key in ipairs({KEYS[3 * lane - 2], KEYS[3 * lane - 1]}) do
    if redis.call('PEXPIRETIME', key) < tonumber(ARGV[1]) then
      redis.call('PEXPIREAT', key, ARGV[1])
    end
  end
end
for quota = first_quota, first_quota + quotas - 1 do
  redis.call('ZADD', KEYS[quota], ARGV[1], ARGV[6])
  redis.call('PEXPIREAT', KEYS[quota], redis.call('ZRANGE', KEYS[quota], -1, -1, 'WITHSCORES')[2])
end
for old = 1, old_lanes do
  redis.call('ZREM', KEYS[3 * lanes + 2 * old - 1], ARGV[6 + old])
  redis.call('DEL', KEYS[3 * lanes + 2 * old])
end
-- Whoever watches these lanes hears which they are. That a server lets nobody publish is no reason to refuse.
local told = {}
for _, key in ipairs(KEYS) do
  told[#told + 1] = string.match(key, '{(.*)}:holds$')
end
redis.pcall('PUBLISH', 'hf:changes', table.concat(told, ' '))
return 1
