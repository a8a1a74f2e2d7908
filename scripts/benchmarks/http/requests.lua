-- Sends the requests of a file, one after the other, and stops at its end or begins again.
--
-- Arguments: the file; "once" or "again". A line of it is: method, path, network address, body, with tabs between.
-- Prints one line of JSON when it has ended: see wrk.py.

local requests, next_one, once = {}, 0, false

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
  if next_one > #requests then
    if once then
      -- Answers that are still on their way are not waited for; this one is never counted.
      wrk.thread:stop()
      return wrk.format("GET", "/health/live")
    end
    next_one = 1
  end
  return requests[next_one]
end

function done(summary, latency, _)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"us": %d, "answers": %d, "bytes": %d, "refused": %d, "failed": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.duration, summary.requests, summary.bytes, summary.errors.status, failed,
    latency:percentile(50), latency:percentile(99)
  ))
end
