-- Takes a place in a quota of live holds for a few seconds.
--
-- KEYS[1]   the quota (sorted set: a claim's id at the instant its place ends, Unix ms)
-- ARGV[1]   id of this claim
-- ARGV[2]   id of a claim to leave out of account (the own hold that is being moved); "" for none
-- ARGV[3]   how many places there are
-- ARGV[4]   how long the place stands until it is confirmed, ms
--
-- Returns   {"taken" or "full", places left, ms until the next place is free by itself}

local claim, ignored, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local used = redis.call('ZCARD', KEYS[1])
if redis.call('ZSCORE', KEYS[1], ignored) then
  used = used - 1
end
local verdict = 'full'
if redis.call('ZSCORE', KEYS[1], claim) then
  verdict = 'taken'
elseif used < most then
  verdict, used = 'taken', used + 1
  redis.call('ZADD', KEYS[1], now + ARGV[4], claim)
  redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
return {verdict, math.max(0, most - used), first - now}
