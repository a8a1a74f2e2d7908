-- Begins to answer a request that its sender may send again.
--
-- KEYS[1]   the request (hash: body, uid, attempt, tries, lease; once answered: status, answer)
-- ARGV[1]   digest of the request's body
-- ARGV[2]   id of this attempt
-- ARGV[3]   the uid drawn for it, which counts unless an earlier attempt left one
-- ARGV[4]   how long the request is this attempt's, ms
-- ARGV[5]   how long the request is remembered, ms
--
-- Returns   {"begun", uid, how many attempts there have been, this one included}
--           or {"answered", status, answer} or {"under way"} or {"other body"}

local body, uid, attempt, tries, lease, status, answer =
  unpack(redis.call('HMGET', KEYS[1], 'body', 'uid', 'attempt', 'tries', 'lease', 'status', 'answer'))
if body and body ~= ARGV[1] then
  return {'other body'}
elseif status then
  return {'answered', status, answer}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The same attempt comes twice if the answer to the first got lost on the way.
local again = attempt == ARGV[2]
if lease and tonumber(lease) > now and not again then
  return {'under way'}
end
if not again then
  tries = (tries or 0) + 1
end
uid = uid or ARGV[3]
redis.call(
  'HSET', KEYS[1], 'body', ARGV[1], 'uid', uid, 'attempt', ARGV[2], 'tries', tries,
  'lease', string.format('%.0f', now + ARGV[4])
)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'begun', uid, tonumber(tries)}
