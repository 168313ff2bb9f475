-- POSTs versions whose numbers never repeat. SALT, FIRST and COUNT come from the environment.
local salt, first, count = os.getenv("SALT"), tonumber(os.getenv("FIRST")), tonumber(os.getenv("COUNT"))
local sent = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  sent = sent + 1
  local download = first + sent % count
  return wrk.format(nil, nil, nil,
    string.format('{"download_id":%d,"version_string":"2.%s.%d","release_notes":""}', download, salt, sent))
end
