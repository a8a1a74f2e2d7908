-- Claims a stretch of time in some lanes for one reservation, and a place in some quotas of live holds: all or nothing.
-- A lane is the time of a host, or a ledger that limits count.
--
-- KEYS      three a lane: its index (sorted set), what is known about it (hash), the new hold; then one a quota (sorted
--           set: a claim's id at the instant its place ends, Unix ms)
-- ARGV[1]   beginning of the buffered range, Unix ms
-- ARGV[2]   end of the buffered range, Unix ms
-- ARGV[3]   id of this claim
-- ARGV[4]   id of a claim to leave out of account (the own hold that is being moved); "" for none
-- ARGV[5]   how long the claim stands until it is confirmed, ms
-- ARGV[6]   the record to keep, opaque here
-- ARGV[7]   how many lanes there are
-- ARGV[8..] two a lane: the prefix of its holds' keys; the claim's group there, whose holds share the time ("-" shares
--           with nobody, "*" with everybody); then one a quota: how many places there are
--
-- Returns   {"claimed", now, {a turn a lane ...}, {two a quota: places left, ms until the next is free by itself ...}}
--           or {"held", lane number} or {"contended", lane number}
--           or {"full", quota number, ms until the next place is free by itself}
--
-- An index holds a member "<end>:<group>:<claim>" at the score <beginning> for every hold, perhaps for dead ones too.
-- The hold's own key, which has the TTL, is the truth. A hold begins with "p" while it is provisional, then with "c";
-- then come its turn (its number in the lane, sixteen digits) and the record. What is known about a lane is the length
-- of its longest range, and the last turn given; both go with its last hold.

local from, to = tonumber(ARGV[1]), tonumber(ARGV[2])
local claim, ignored, ttl, record = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local lanes = tonumber(ARGV[7])
local quotas = #KEYS - 3 * lanes
local sampled = 8
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function lane(number)
  return KEYS[3 * number - 2], KEYS[3 * number - 1], KEYS[3 * number], ARGV[6 + 2 * number], ARGV[7 + 2 * number]
end

local function claim_of(member)
  return string.match(member, '^%-?%d+:[^:]*:(.*)$')
end

local function until_next_place(quota)
  return redis.call('ZRANGE', quota, 0, 0, 'WITHSCORES')[2] - now
end

-- An index outlives each of its holds, and goes with the last; so does a quota. It is given its time after them: Redis
-- 7.0 reckons that from when each command of a script is run, not from when the script is.
local function outlive(key, lasts)
  redis.call('PEXPIRE', key, lasts, 'NX')
  redis.call('PEXPIRE', key, lasts, 'GT')
end

-- Nothing is written until it is known that nothing refuses.
local others = {}
for number = 1, quotas do
  local quota, most = KEYS[3 * lanes + number], tonumber(ARGV[7 + 2 * lanes + number])
  redis.call('ZREMRANGEBYSCORE', quota, '-inf', now)
  local used = redis.call('ZCARD', quota)
  for _, own in ipairs({claim, ignored}) do
    -- The own place is there already when the answer to this got lost.
    if own ~= '' and redis.call('ZSCORE', quota, own) then
      used = used - 1
    end
  end
  if used >= most then
    return {'full', number, until_next_place(quota)}
  end
  others[number] = used
end

local contended, longest_of, turn_before = 0, {}, {}
for number = 1, lanes do
  local index, about, hold, prefix, group = lane(number)
  -- Where the hold is there, this is a copy that comes late: sent again, when the answer to the first seemed lost. What
  -- was confirmed since stays so, and what was not keeps its turn, by which others may have counted it already.
  local before = redis.call('GETRANGE', hold, 0, 16)
  if string.sub(before, 1, 1) == 'c' then
    return {'contended', number}
  end
  turn_before[number] = tonumber(string.sub(before, 2))
  local longest = tonumber(redis.call('HGET', about, 'longest') or 0)
  longest_of[number] = longest
  if group ~= '*' then
    -- Whatever overlaps begins before the range ends, and not earlier than the longest range before it begins.
    local near = redis.call('ZRANGEBYSCORE', index, string.format('(%.0f', from - longest), '(' .. ARGV[2])
    for _, member in ipairs(near) do
      local ends, its_group, its_claim = string.match(member, '^(%-?%d+):([^:]*):(.*)$')
      local shared = group ~= '-' and its_group == group
      if tonumber(ends) > from and its_claim ~= claim and its_claim ~= ignored and not shared then
        local state = redis.call('GETRANGE', prefix .. its_claim, 0, 0)
        if state == 'c' then
          return {'held', number}
        elseif state == 'p' then
          contended = number
        else
          redis.call('ZREM', index, member)
        end
      end
    end
  end
end
if contended > 0 then
  return {'contended', contended}
end

local turns = {}
for number = 1, lanes do
  local index, about, hold, prefix, group = lane(number)
  -- A few dead entries go with every claim, picked at random, so that an index never keeps more than a few times
  -- as many as there are holds. Mostly there are none.
  local picked, holds = redis.call('ZRANDMEMBER', index, sampled), {}
  for place, member in ipairs(picked) do
    holds[place] = prefix .. claim_of(member)
  end
  if #holds > 0 and redis.call('EXISTS', unpack(holds)) < #holds then
    for place, member in ipairs(picked) do
      if redis.call('EXISTS', holds[place]) == 0 then
        redis.call('ZREM', index, member)
      end
    end
  end
  local turn = turn_before[number] or redis.call('HINCRBY', about, 'turn', 1)
  -- It may have been given longer since.
  local lasts = turn_before[number] and math.max(ttl, redis.call('PTTL', hold)) or ttl
  redis.call('SET', hold, 'p' .. string.format('%016d', turn) .. record, 'PX', lasts)
  redis.call('ZADD', index, ARGV[1], ARGV[2] .. ':' .. group .. ':' .. claim)
  if to - from > longest_of[number] then
    redis.call('HSET', about, 'longest', to - from)
  end
  outlive(index, lasts)
  outlive(about, lasts)
  turns[number] = turn
end
local standings = {}
for number = 1, quotas do
  local quota, most = KEYS[3 * lanes + number], tonumber(ARGV[7 + 2 * lanes + number])
  -- A place that was confirmed since, before a copy of the claim that comes late, stays so.
  redis.call('ZADD', quota, 'GT', now + ttl, claim)
  outlive(quota, ttl)
  standings[2 * number - 1] = most - others[number] - 1
  standings[2 * number] = until_next_place(quota)
end
return {'claimed', now, turns, standings}
