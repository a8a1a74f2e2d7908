-- Sends the requests of a file, one after the other, and stops at its end or begins again.
--
-- Arguments: the file; "once" or "again". A line of it is: method, path, network address, body, with tabs between.
-- Prints one line of JSON when it has ended: see wrk.py.

local ffi = require("ffi")
ffi.cdef("typedef struct { long s, us; } timeval; int gettimeofday(timeval *now, void *zone);")

local requests, next_one, once = {}, 0, false
local threads = {}

-- Of each thread; `done` asks for them.
began_us, ended_us = 0, 0

local function now_us()
  local now = ffi.new("timeval")
  ffi.C.gettimeofday(now, nil)
  return tonumber(now.s) * 1000000 + tonumber(now.us)
end

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  once = args[2] == "once"
  for line in io.lines(args[1]) do
    local method, path, client, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = {["cal-api-version"] = "2024-09-04", ["X-Forwarded-For"] = client}
    if body ~= "" then
      headers["Content-Type"] = "application/json"
    end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  next_one = next_one + 1
  if next_one == 1 then
    began_us = now_us()
  end
  if next_one > #requests then
    if once then
      ended_us = now_us()
      -- Answers that are still on their way are not waited for; this one is never counted.
      wrk.thread:stop()
      return wrk.format("GET", "/health/live")
    end
    next_one = 1
  end
  return requests[next_one]
end

-- wrk goes on until its time is over, though there may be nothing left to send.
local function sending_us(summary)
  local thread = threads[1]
  local ended = thread:get("ended_us")
  return ended > 0 and ended - thread:get("began_us") or summary.duration
end

function done(summary, latency, _)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"us": %d, "answers": %d, "bytes": %d, "refused": %d, "failed": %d, "p50_us": %d, "p99_us": %d}\n',
    sending_us(summary), summary.requests, summary.bytes, summary.errors.status, failed,
    latency:percentile(50), latency:percentile(99)
  ))
end
