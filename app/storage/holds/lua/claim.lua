-- Claims the time of some hosts for one reservation: of all of them or of none.
--
-- KEYS      three a host: its index (sorted set), its longest range (number), the new hold
-- ARGV[1]   beginning of the buffered range, Unix ms
-- ARGV[2]   end of the buffered range, Unix ms
-- ARGV[3]   seat group: holds of the same group share the time; "-" shares with nobody
-- ARGV[4]   id of this claim
-- ARGV[5]   id of a claim to leave out of account (the own hold that is being moved); "" for none
-- ARGV[6]   how long the claim stands until it is confirmed, ms
-- ARGV[7]   the record to keep, opaque here
-- ARGV[8..] a host each: the prefix of its holds' keys
--
-- Returns   {"claimed", now, turn} or {"held", host number} or {"contended", host number}
--
-- An index holds a member "<end>:<group>:<claim>" at the score <beginning> for every hold, perhaps for dead ones too.
-- The hold's own key, which has the TTL, is the truth. A hold begins with "p" while it is provisional, then with "c";
-- then come its turn (when it was claimed, Unix microseconds, sixteen digits) and the record.
--
-- Turns order claims that compete for a limit, and only those: overlap is refused here whatever the turns say. Should
-- the server's clock step back, two such claims may each miss the other until it has caught up.

local from, to = tonumber(ARGV[1]), tonumber(ARGV[2])
local group, claim, ignored, ttl = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local hosts = #KEYS / 3
local sampled = 8

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local turn = string.format('%010d%06d', time[1], time[2])

local function claim_of(member)
  return string.match(member, '^%-?%d+:[^:]*:(.*)$')
end

local contended = 0
for host = 1, hosts do
  local index, longest_key, prefix = KEYS[3 * host - 2], KEYS[3 * host - 1], ARGV[7 + host]
  -- Whatever overlaps begins before the range ends, and not earlier than the longest range before it begins.
  local longest = tonumber(redis.call('GET', longest_key) or 0)
  local near = redis.call('ZRANGEBYSCORE', index, string.format('(%.0f', from - longest), '(' .. ARGV[2])
  for _, member in ipairs(near) do
    local ends, its_group, its_claim = string.match(member, '^(%-?%d+):([^:]*):(.*)$')
    local shared = group ~= '-' and its_group == group
    if tonumber(ends) > from and its_claim ~= claim and its_claim ~= ignored and not shared then
      local state = redis.call('GETRANGE', prefix .. its_claim, 0, 0)
      if state == 'c' then
        return {'held', host}
      elseif state == 'p' then
        contended = host
      else
        redis.call('ZREM', index, member)
      end
    end
  end
end
if contended > 0 then
  return {'contended', contended}
end

for host = 1, hosts do
  local index, longest_key, hold, prefix = KEYS[3 * host - 2], KEYS[3 * host - 1], KEYS[3 * host], ARGV[7 + host]
  -- A few dead entries go with every claim, picked at random, so that an index never keeps more than a few times
  -- as many as there are holds.
  for _, member in ipairs(redis.call('ZRANDMEMBER', index, sampled)) do
    if redis.call('EXISTS', prefix .. claim_of(member)) == 0 then
      redis.call('ZREM', index, member)
    end
  end
  redis.call('SET', hold, 'p' .. turn .. ARGV[7], 'PX', ttl)
  redis.call('ZADD', index, ARGV[1], ARGV[2] .. ':' .. group .. ':' .. claim)
  if to - from > tonumber(redis.call('GET', longest_key) or 0) then
    redis.call('SET', longest_key, to - from, 'KEEPTTL')
  end
  -- The index outlives each of its holds, and goes with the last.
  for _, key in ipairs({index, longest_key}) do
    if redis.call('PTTL', key) < ttl then
      redis.call('PEXPIRE', key, ttl)
    end
  end
end
return {'claimed', now, turn}
