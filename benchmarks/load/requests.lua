-- Sends the requests of a file in turn, each a line: path, tab, body. The file and the key come in the environment.
local requests, at, threads = {}, 0, 0

function setup(thread)
  thread:set("offset", threads * 7919)
  threads = threads + 1
end

function init(args)
  local headers = { ["Content-Type"] = "application/json", ["X-API-Key"] = os.getenv("BENCH_KEY") }
  for line in io.lines(os.getenv("BENCH_REQUESTS")) do
    local path, body = line:match("^(.-)\t(.*)$")
    requests[#requests + 1] = wrk.format("POST", path, headers, body)
  end
  at = offset
end

function request()
  at = at + 1
  return requests[at % #requests + 1]
end

function done(summary, latency, rates)
  local errors = summary.errors
  io.write(string.format(
    '\nFIGURES {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p90": %d, "p99": %d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99)))
end
