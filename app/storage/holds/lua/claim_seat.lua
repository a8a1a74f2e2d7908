-- Takes a place, or several, in the ledger of one start of a seated event type.
--
-- KEYS[1]   the ledger (sorted set of claims, in the order they came)
-- KEYS[2]   the new entry
-- ARGV[1]   id of this claim
-- ARGV[2]   id of a claim to leave out of account (the own hold that is being moved); "" for none
-- ARGV[3]   how long the entry stands until it is confirmed, ms
-- ARGV[4]   how many seats there are
-- ARGV[5]   the hosts proposed for the first seat, ids with commas
-- ARGV[6]   the prefix of the entries' keys
-- ARGV[7]   how many seats are wanted
--
-- Returns   {"claimed", rank, hosts}: how many seats those who came before take, and the hosts of the first seat;
--           or {"held"} or {"contended"} where the holds alone fill the seats
--
-- An entry is "p" or "c" (provisional, confirmed), the hosts and, if it takes several seats, "*" and how many. Its key,
-- which has the TTL, is the truth.

local claim, ignored, ttl, seats = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted = tonumber(ARGV[7])
local function hosts_of(entry)
  return string.match(entry, '^.([^*]*)')
end
-- Where the entry is there, this is a copy that comes late: sent again, when the answer to the first seemed lost. What
-- was confirmed since stays so, and what was not keeps its hosts, whose time is claimed by now.
local before = redis.call('GET', KEYS[2]) or ''
if string.sub(before, 1, 1) == 'c' then
  return {'contended'}
end
local taken, confirmed, hosts = 0, 0, before == '' and ARGV[5] or hosts_of(before)
for _, other in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local entry = other ~= claim and other ~= ignored and redis.call('GET', ARGV[6] .. other)
  if entry then
    if taken == 0 and before == '' then
      hosts = hosts_of(entry)
    end
    local takes = tonumber(string.match(entry, '%*(%d+)$') or 1)
    taken = taken + takes
    if string.sub(entry, 1, 1) == 'c' then
      confirmed = confirmed + takes
    end
  elseif other ~= ignored and other ~= claim then
    redis.call('ZREM', KEYS[1], other)
  end
end
if confirmed + wanted > seats then
  return {'held'}
elseif taken + wanted > seats then
  return {'contended'}
end
local time = redis.call('TIME')
-- It may be there already, and have been given longer since.
local lasts = math.max(ttl, redis.call('PTTL', KEYS[2]))
redis.call('SET', KEYS[2], 'p' .. hosts .. (wanted > 1 and '*' .. wanted or ''), 'PX', lasts)
redis.call('ZADD', KEYS[1], time[1] * 1000000 + time[2], claim)
-- The ledger outlives its entries, and is given its time after them: see claim.lua.
redis.call('PEXPIRE', KEYS[1], lasts, 'NX')
redis.call('PEXPIRE', KEYS[1], lasts, 'GT')
return {'claimed', taken, hosts}
