-- Modes: the same question, the same with If-None-Match, or ranges of 24 hours, none twice.
local mode, now, turn, headers = "same", 0, 0, nil
local kinds = {
  "summary?", "timeseries?", "breakdown?dimension=page&", "breakdown?dimension=country&",
}

local function remember(status, received)
  if status == 200 then
    headers = { ["If-None-Match"] = received["ETag"] or received["etag"] }
  end
end

init = function(arguments)
  mode, now = arguments[1], tonumber(arguments[2])
  -- Only where it is needed: wrk keeps the head of every answer for it.
  if mode == "unchanged" then response = remember end
end

request = function()
  if mode ~= "different" then
    return wrk.format("GET", nil, headers)
  end
  turn = turn + 1
  -- Ends of the last twelve hours, and beginnings a little before or after a day earlier.
  local to = now - 60 * (1 + turn % 720)
  local from = to - 86400 - 60 * math.floor(turn / 720)
  local kind = kinds[turn % #kinds + 1]
  return wrk.format("GET", "/api/v1/metrics/" .. kind .. "from=" .. from .. "&to=" .. to)
end
