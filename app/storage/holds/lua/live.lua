-- Reads the holds in some lanes that overlap a range: confirmed ones, and unfinished claims that came before a turn.
--
-- KEYS      two a lane: its index, what is known about it
-- ARGV[1]   beginning of the range, Unix ms
-- ARGV[2]   end of the range, Unix ms
-- ARGV[3..] two a lane: the prefix of its holds' keys; a turn there, 0 leaves out all unfinished claims
--
-- Returns   the records; that of a hold in several of the lanes comes several times

local from = tonumber(ARGV[1])
local lanes, together = #KEYS / 2, 8
local records = {}

local function read(lane)
  local prefix, turn = ARGV[1 + 2 * lane], tonumber(ARGV[2 + 2 * lane])
  local longest = redis.call('HGET', KEYS[2 * lane], 'longest')
  if not longest then
    -- It outlives every hold, so there are none.
    return
  end
  local earliest = string.format('(%.0f', from - tonumber(longest))
  local near = redis.call('ZRANGEBYSCORE', KEYS[2 * lane - 1], earliest, '(' .. ARGV[2])
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

for first = 1, lanes, together do
  local last = math.min(first + together - 1, lanes)
  local indexes = {}
  for lane = first, last do
    indexes[#indexes + 1] = KEYS[2 * lane - 1]
  end
  -- Of a large team most have no holds at all: to ask for several at once is what costs least.
  if #indexes == 1 or redis.call('EXISTS', unpack(indexes)) > 0 then
    for lane = first, last do
      read(lane)
    end
  end
end
return records
