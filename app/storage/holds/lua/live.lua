-- Reads the holds in some lanes that overlap a range: confirmed ones, and unfinished claims that came before a turn.
--
-- KEYS      two a lane: its index, what is known about it
-- ARGV[1]   beginning of the range, Unix ms
-- ARGV[2]   end of the range, Unix ms
-- ARGV[3..] two a lane: the prefix of its holds' keys; a turn there, 0 leaves out all unfinished claims
--
-- Returns   the records; that of a hold in several of the lanes comes several times

local from = tonumber(ARGV[1])
local records = {}
for lane = 1, #KEYS / 2 do
  local prefix, turn = ARGV[1 + 2 * lane], tonumber(ARGV[2 + 2 * lane])
  local longest = tonumber(redis.call('HGET', KEYS[2 * lane], 'longest') or 0)
  local near = redis.call('ZRANGEBYSCORE', KEYS[2 * lane - 1], string.format('(%.0f', from - longest), '(' .. ARGV[2])
  for _, member in ipairs(near) do
    local ends, claim = string.match(member, '^(%-?%d+):[^:]*:(.*)$')
    if tonumber(ends) > from then
      local hold = redis.call('GET', prefix .. claim)
      if hold and (string.sub(hold, 1, 1) == 'c' or tonumber(string.sub(hold, 2, 17)) < turn) then
        records[#records + 1] = string.sub(hold, 18)
      end
    end
  end
end
return records
