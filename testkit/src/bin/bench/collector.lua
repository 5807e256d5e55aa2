-- Sends the bodies of a folder in turn. wrk runs this once in each of its threads.
local requests, turn = {}, 0

init = function(arguments)
  local folder, count = arguments[1], tonumber(arguments[2])
  for n = 1, count do
    local file = assert(io.open(folder .. "/" .. n .. ".ndjson", "rb"))
    local headers = { ["Content-Type"] = "application/x-ndjson" }
    requests[n] = wrk.format("POST", nil, headers, file:read("*a"))
    file:close()
  end
end

request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
