-- Sends wrong keys: well-formed ones of ids that nobody has, from the lines of a file, and malformed ones, in turn.
-- WRONG_ADDRESSES: from how many addresses, as a trusted proxy would tell them; 0: none is told.
local tokens, at, threads, addresses = {}, 0, 0, tonumber(os.getenv("WRONG_ADDRESSES"))
local statuses = {}
local all = {}

function setup(thread)
  thread:set("offset", threads * 7919)
  threads = threads + 1
  all[#all + 1] = thread
end

function init(args)
  for line in io.lines(os.getenv("WRONG_KEYS")) do tokens[#tokens + 1] = line end
  at = offset
  counts = ""
end

function request()
  at = at + 1
  local key = at % 4 == 0 and "tsd_nonsense_" .. at or tokens[at % #tokens + 1]
  local headers = { ["Content-Type"] = "application/json", ["X-API-Key"] = key }
  if addresses > 0 then
    local n = at * 7 % addresses
    headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.floor(n / 65536), math.floor(n / 256) % 256, n % 256)
  end
  return wrk.format("POST", "/predict", headers, "{}")
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
  local told = {}
  for each, count in pairs(statuses) do told[#told + 1] = each .. ":" .. count end
  counts = table.concat(told, " ")
end

function done(summary, latency, rates)
  for _, thread in ipairs(all) do io.write("STATUSES " .. thread:get("counts") .. "\n") end
  io.write(string.format("TOTAL %d %d\n", summary.requests, summary.duration))
end
