-- Remembers what was answered to a request, if it still is this attempt's.
--
-- KEYS[1]   the request (see begin_request)
-- ARGV[1]   id of the attempt
-- ARGV[2]   status
-- ARGV[3]   answer
-- ARGV[4]   how long it is remembered, ms
--
-- Returns   1, or 0 if another attempt has taken over, or the request is forgotten

if redis.call('HGET', KEYS[1], 'attempt') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'answer', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
