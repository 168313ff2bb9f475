-- POSTs versions whose numbers never repeat, or the JSON in BODY with such a number. SALT, FIRST and COUNT are variables too.
local salt, body = os.getenv("SALT"), os.getenv("BODY")
local first, count = tonumber(os.getenv("FIRST") or 1), tonumber(os.getenv("COUNT") or 1)
local sent = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  sent = sent + 1
  local number = string.format("2.%s.%d", salt, sent)
  if body then
    return wrk.format(nil, nil, nil, string.format(body, number))
  end
  local new = '{"download_id":%d,"version_string":"%s","release_notes":""}'
  return wrk.format(nil, nil, nil, string.format(new, first + sent % count, number))
end
