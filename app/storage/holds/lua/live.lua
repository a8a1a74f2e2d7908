-- Reads the holds of some hosts that overlap a range: confirmed ones, and unfinished claims that came before a turn.
--
-- KEYS      two a host: its index, its longest range
-- ARGV[1]   beginning of the range, Unix ms
-- ARGV[2]   end of the range, Unix ms
-- ARGV[3]   a turn; "" leaves out all unfinished claims
-- ARGV[4..] a host each: the prefix of its holds' keys
--
-- Returns   the records; that of a hold on several of the hosts comes several times

local from, turn = tonumber(ARGV[1]), ARGV[3]
local records = {}
for host = 1, #KEYS / 2 do
  local longest = tonumber(redis.call('GET', KEYS[2 * host]) or 0)
  local near = redis.call('ZRANGEBYSCORE', KEYS[2 * host - 1], string.format('(%.0f', from - longest), '(' .. ARGV[2])
  for _, member in ipairs(near) do
    local ends, claim = string.match(member, '^(%-?%d+):[^:]*:(.*)$')
    if tonumber(ends) > from then
      local hold = redis.call('GET', ARGV[3 + host] .. claim)
      if hold and (string.sub(hold, 1, 1) == 'c' or string.sub(hold, 2, 17) < turn) then
        records[#records + 1] = string.sub(hold, 18)
      end
    end
  end
end
return records
