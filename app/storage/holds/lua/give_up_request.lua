-- Lets a request be tried again at once, if it still is this attempt's and was not answered.
--
-- KEYS[1]   the request (see begin_request)
-- ARGV[1]   id of the attempt
-- ARGV[2]   "1": forget it; "0": the next attempt shall have the same body, and gets the same uid
--
-- Returns   1, or 0 if another attempt has taken over, or the request is answered or forgotten

local attempt, status = unpack(redis.call('HMGET', KEYS[1], 'attempt', 'status'))
if attempt ~= ARGV[1] or status then
  return 0
end
if ARGV[2] == '1' then
  return redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'lease', 0)
return 1
