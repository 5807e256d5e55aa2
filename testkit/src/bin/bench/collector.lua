-- Sends the bodies of a folder in turn, with a key if there is one. wrk runs this once in each of its threads.
local requests, turn = {}, 0

init = function(arguments)
  local folder, count, key = arguments[1], tonumber(arguments[2]), arguments[3]
  for n = 1, count do
    local file = assert(io.open(folder .. "/" .. n .. ".ndjson", "rb"))
    local headers = { ["Content-Type"] = "application/x-ndjson" }
    if key and key ~= "" then headers["Authorization"] = "Bearer " .. key end
    requests[n] = wrk.format("POST", nil, headers, file:read("*a"))
    file:close()
  end
end

request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
