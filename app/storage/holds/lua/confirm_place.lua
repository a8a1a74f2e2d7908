-- Makes a place in a quota stand until an instant. One that has lapsed meanwhile is taken again, for its hold has not.
--
-- KEYS[1]   the quota
-- ARGV[1]   id of the claim
-- ARGV[2]   until when, Unix ms
--
-- Returns   1

redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
return 1
